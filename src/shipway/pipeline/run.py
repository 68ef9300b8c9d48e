"""Run-once-with-memory: a step that has completed is recalled, not repeated, however often Shipway is restarted."""

import asyncio
import inspect
import traceback
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from shipway.domain.codec import decode, encode
from shipway.domain.deployment import OPTIONAL_STEPS, POINT_OF_NO_RETURN, STEPS, Failure
from shipway.domain.errors import Broken, CallerError, Cancelled, DeployFailed, RetriesExhausted, Unavailable
from shipway.domain.ids import new_id
from shipway.pipeline.context import Context
from shipway.store import journal

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")

#: Seconds to wait after each time the world did not answer; then the deployment gives up.
PATIENCE = (0.2, 1.0, 3.0, 10.0, 30.0)

#: Those that end when somebody cancels the deployment.
_CANCELLABLE = (*STEPS[: STEPS.index(POINT_OF_NO_RETURN)], *OPTIONAL_STEPS)


class Run:
    """One deployment's steps, each announced, executed and recorded."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def step(
        self, act: Callable[Concatenate[Context, P], Awaitable[T]], *inputs: P.args, **options: P.kwargs
    ) -> T:
        """Do `act`, or recall what it returned or how it failed when it is already recorded.

        The step's name is that of the module it is in. Raises `DeployFailed`: the app's own, `Cancelled` when asked to
        stop before traffic moves, `RetriesExhausted`, or `Broken` for a bug of ours. Anything that ends the process
        leaves the step running in the journal, and the next run does it again: steps are written for that.
        """
        name = act.__module__.rpartition(".")[2]
        ctx = self._ctx.at(name)
        recorded = await self._record(journal.begin, name)
        if recorded is not None and recorded[0] != "running":
            return _recalled(act, *recorded[1:])
        try:
            result = await self._act(ctx, name, lambda: act(ctx, *inputs, **options))
        except DeployFailed as failure:
            failure.step = name
            await self._record(journal.fail, name, as_failure(failure))
            ctx.log(f"!     {failure.message}")
            raise
        await self._record(journal.complete, name, encode(result), getattr(result, "summary", ""))
        return result

    async def skip(self, *names: str) -> None:
        """Note that steps are not needed by this deployment."""
        async with self._ctx.platform.database.write() as tx:
            await journal.skip(tx, self._ctx.deployment.id, names)

    async def _act(self, ctx: Context, name: str, attempt: Callable[[], Awaitable[T]]) -> T:
        for pause in (*PATIENCE, None):
            try:
                return await self._once(ctx, name, attempt)
            except (DeployFailed, asyncio.CancelledError):
                raise
            except CallerError as error:
                raise DeployFailed(error.message, hint=error.hint, code=error.code) from error
            except Unavailable as error:
                if pause is None:
                    raise RetriesExhausted(f"Gave up: {error.message}", hint=error.hint) from error
                ctx.log(f"       {error.message} Trying again in {pause:g} s.")
                await self._pause(name, pause)
            except Exception as error:
                raise broken(error) from error
        raise AssertionError("unreachable")

    async def _once(self, ctx: Context, name: str, attempt: Callable[[], Awaitable[T]]) -> T:
        return await (_unless(ctx.cancelled, attempt) if name in _CANCELLABLE else attempt())

    async def _pause(self, name: str, seconds: float) -> None:
        await self._once(self._ctx, name, lambda: asyncio.sleep(seconds))

    async def _record(self, write: Callable[..., Awaitable[R]], name: str, *values: object) -> R:
        deployment_id = self._ctx.deployment.id
        async with self._ctx.platform.database.write() as tx:
            written = await write(tx, deployment_id, name, *values)
        self._ctx.platform.signals.notify(deployment_id)
        return written


def _recalled(act: Callable[..., Awaitable[T]], result: Any, failure: Failure | None) -> T:
    if failure is not None:
        raise as_error(failure)
    value: T = decode(inspect.signature(act).return_annotation, result)
    return value


async def _unless(cancelled: asyncio.Event, attempt: Callable[[], Awaitable[T]]) -> T:
    """Await `attempt` to its end, or stop it and raise `Cancelled` as soon as the event is set."""
    work = asyncio.ensure_future(attempt())
    stop = asyncio.ensure_future(cancelled.wait())
    try:
        await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
        raise Cancelled("Cancelled before traffic moved.", hint="What was live before serves on.")
    finally:
        stop.cancel()
        if not work.done():
            work.cancel()
            await asyncio.wait({work})


def as_failure(error: DeployFailed) -> Failure:
    """The error as it is recorded."""
    return Failure(error.code, error.message, error.hint, error.evidence, error.step)


def as_error(failure: Failure) -> DeployFailed:
    """The recorded failure as it is raised again."""
    error = DeployFailed(failure.message, hint=failure.hint, code=failure.code, evidence=failure.evidence)
    error.step = failure.step
    return error


def broken(error: Exception) -> Broken:
    """A bug of ours as a failure of the deployment; the traceback goes to our log, under the id in the message."""
    incident = new_id("bug")
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    print(f"{stamp} {incident}\n{''.join(traceback.format_exception(error))}", flush=True)
    return Broken(
        f"Shipway itself failed here ({incident}).",
        hint="This is a bug of ours, not of your app. Its log has the details under that id.",
    )
