"""What instances say, without the secrets that they were given (S11.1). Nothing else reads an instance's log."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace

from shipway.domain.log import Log
from shipway.domain.masking import MaskedLines, Masking
from shipway.domain.service import Service
from shipway.domain.workload import LogLine
from shipway.pipeline.handed import still_handed
from shipway.pipeline.platform import Platform
from shipway.store import build_secrets
from shipway.store.sealing import sealer


async def masking(platform: Platform, service: Service) -> Masking:
    """Of all that is known to be secret where the service runs: every version of every secret of its environment, and what
    its builds get.

    Not only of those that it names itself: another service that it asks may answer with one of its own. What was revoked or
    deleted is among them while an instance has it; then nobody knows it any more. Raises `Unavailable` when one can't be
    opened: then nothing is shown.
    """
    async with platform.database.read() as tx:
        key = await sealer(tx, platform.settings.home)
        of_builds = (await build_secrets.opened(tx, service.id, key)).values()
    kept = await platform.vault.all_opened(service.secret_home)
    return Masking([*kept, *await still_handed(platform, service.secret_home), *of_builds])


async def said(
    platform: Platform,
    service: Service,
    name: str,
    *,
    follow: bool = False,
    tail: int | None = None,
    known: Masking | None = None,
) -> AsyncIterator[LogLine]:
    """As `Engine.logs`, masked with what is secret now; `known`: what that is, for whoever reads many. A secret that began
    before the last `tail` lines can't be told."""
    known = known or await masking(platform, service)
    streams: defaultdict[str, MaskedLines] = defaultdict(known.lines)
    async with aclosing(platform.engine.logs(name, follow=follow, tail=tail)) as lines:  # type: ignore[type-var]
        async for line in lines:
            yield replace(line, text=streams[line.stream](line.text))


async def masked_log(platform: Platform, service: Service, log: Log) -> Log:
    """One that keeps secrets out of `log`, for what a one-off writes."""
    masked: Callable[[str], str] = (await masking(platform, service)).lines()
    return lambda line: log(masked(line))
