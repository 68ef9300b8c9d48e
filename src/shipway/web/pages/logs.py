"""One step's log as plain text."""

from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse

from shipway.operations.logs import StepOutput, step_log
from shipway.web.visit import Visit


async def download(visit: Visit) -> Response:
    """All that was written so far, as it was written."""
    first = await _read(visit, 0)
    return StreamingResponse(_rest(visit, first), media_type="text/plain; charset=utf-8")


async def _rest(visit: Visit, output: StepOutput) -> AsyncIterator[str]:
    while output.text:
        yield output.text
        output = await _read(visit, output.offset)


async def _read(visit: Visit, offset: int) -> StepOutput:
    step = str(visit.request.path_params["step"])
    return await step_log(visit.platform, visit.actor, visit.deployment_id, step, offset)
