"""Requests of our own through the proxy while traffic moves, so that a service that nobody asks gets a verdict too (S6.7)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from shipway.domain.service import Service
from shipway.pipeline.context import Context

#: Seconds between two requests, and before and after the switch in which they are made.
_PAUSE, _AROUND = 0.02, 0.25
_TIMEOUT = 5.0
#: What the proxy answers by itself, or passes on from an app that is going.
_LOST = frozenset({502, 503, 504})


@dataclass(slots=True)
class Asked:
    """What came of them, once the context has ended."""

    requests: int = 0
    #: Without an answer, or answered for the app: 502, 503, 504.
    lost: int = 0


@asynccontextmanager
async def asking(ctx: Context, *, wanted: bool) -> AsyncIterator[Asked]:
    """Ask the service's first host, again and again, from a moment before the block until a moment after it; where the
    service is set to be asked, takes requests, and something serves it already."""
    asked, ended = Asked(), asyncio.Event()
    if not (wanted and _may_be_asked(ctx.service)):
        yield asked
        return
    loop = asyncio.create_task(_ask(ctx, asked, ended))
    try:
        await asyncio.sleep(_AROUND)
        yield asked
        await asyncio.sleep(_AROUND)
    finally:
        ended.set()
        await loop


def _may_be_asked(service: Service) -> bool:
    serves = bool(service.hosts and service.live_deployment_id) and service.traffic == "open"
    return service.settings.probe_switch and serves


async def _ask(ctx: Context, asked: Asked, ended: asyncio.Event) -> None:
    settings, probe = ctx.platform.settings, ctx.service.settings.probe
    address = "127.0.0.1" if settings.proxy_host in ("0.0.0.0", "::") else settings.proxy_host  # noqa: S104
    while not ended.is_set():
        status = await ctx.platform.prober(
            address, settings.proxy_port, probe.path or "/", host=ctx.service.hosts[0], timeout=_TIMEOUT
        )
        asked.requests += 1
        asked.lost += status is None or status in _LOST
        await asyncio.sleep(_PAUSE)
