"""A deployment as it happens, for its page: new text of its logs, and the parts of the page that changed."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from shipway.domain.deployment import UNFINISHED
from shipway.operations.history import DeploymentView, get_deployment
from shipway.operations.logs import StepOutput, watch_deployment
from shipway.web.pages.deployment import parts, title
from shipway.web.sse import EventStream, event
from shipway.web.visit import Visit

#: Bytes: longer than any log, and no farther than every file system can seek.
_FARTHEST = 1 << 40

News = AsyncGenerator[DeploymentView | StepOutput, None]


async def stream(visit: Visit) -> Response:
    """The events `log`, `view` and, when no more will come, `end`. Each log's id says what the reader then has."""
    await get_deployment(visit.platform, visit.actor, visit.deployment_id)
    return EventStream(_events(visit, offsets(visit.request)), visit.platform)


def offsets(request: Request) -> dict[str, int]:
    """What the reader has already, in bytes by step: as the browser says when it comes back, or as the page asks.

    Anything that can't be read counts as nothing: the logs then start again.
    """
    said = request.headers.get("last-event-id") or request.query_params.get("offsets", "")
    try:
        known = json.loads(said) if said else {}
    except (ValueError, RecursionError):
        return {}
    pairs = known.items() if isinstance(known, dict) else ()
    return {name: at for name, at in pairs if type(at) is int and 0 <= at <= _FARTHEST}


async def _events(visit: Visit, have: dict[str, int]) -> AsyncGenerator[bytes, None]:
    news = watch_deployment(visit.platform, visit.actor, visit.deployment_id, have)
    async with aclosing(cast(News, news)) as changes:
        async for change in changes:
            if isinstance(change, StepOutput):
                have[change.step] = change.offset
                yield event("log", {"step": change.step, "text": change.text}, have=json.dumps(have))
            else:
                yield event("view", await _view(visit, change))
    yield event("end", {})


async def _view(visit: Visit, view: DeploymentView) -> dict[str, object]:
    return {
        "title": title(view),
        "over": view.deployment.state not in UNFINISHED,
        "steps": {step.name: step.state for step in view.steps},
        "parts": await parts(visit, view),
    }
