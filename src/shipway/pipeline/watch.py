"""Watching one instance come up: probe it until it passes, time is over, or it is plain that it never will."""

import asyncio

from shipway.domain.artifacts import Health, Target
from shipway.domain.probe import DEFAULT_PATH, FALLBACK_PATHS, Probe
from shipway.domain.workload import Executed
from shipway.engines.engine import InspectsSockets
from shipway.pipeline.context import Context
from shipway.pipeline.diagnosis import Observation, diagnose, misplaced
from shipway.pipeline.health_command import HealthCommand
from shipway.pipeline.prober import PATIENCE, probe_tcp
from shipway.pipeline.said import said

#: Seconds between two probes: short at first, so that an app that starts at once is live at once (S7.1).
FIRST_PAUSE, PAUSE_GROWTH, LONGEST_PAUSE = 0.02, 1.3, 1.0
#: Seconds that a command rests between two runs, at most.
LONGEST_REST = 5.0
#: Seconds after which a candidate that listens in the wrong place is told about; see `diagnosis.misplaced`.
PATIENT = 3.0
#: What a path that the app does not have answers: nothing of that name, or the way to somewhere else; see decision 10.
_NOT_HERE = frozenset({401, 403, 404, 405, *range(300, 400)})
#: Lines that the diagnosis looks at: what began an end may stand far before it.
_TAIL = 200


class Watch:
    """One instance and what it has answered so far."""

    def __init__(self, ctx: Context, probe: Probe, target: Target, command: HealthCommand | None = None) -> None:
        self._ctx, self._probe, self._target, self._command = ctx, probe, target, command
        self._port = probe.port or target.port
        self._began = asyncio.get_running_loop().time()
        #: What each path answered last.
        self._seen: dict[str, int] = {}
        #: How the command ended last.
        self._ran: Executed | None = None

    async def until_up(self) -> Health:
        """The check that passed. Raises `Unhealthy`."""
        pause, told = FIRST_PAUSE, False
        while True:
            asked = self._elapsed
            health = await self._ask()
            took = self._elapsed - asked
            if health is not None:
                self._ctx.log(f"-----> {self._target.name} is up: {health.answered} after {self._elapsed:.1f} s")
                return health
            if self._elapsed >= self._probe.timeout:
                raise diagnose(await self._observe(timed_out=True))
            if not told and self._elapsed >= PATIENT:
                told = True
                await self._tell_of_waiting()
            # A command takes of what the app is given to start with: it rests as long as it has worked.
            await asyncio.sleep(max(pause, min(took, LONGEST_REST)) if self._command else pause)
            pause = min(pause * PAUSE_GROWTH, LONGEST_PAUSE)

    async def _tell_of_waiting(self) -> None:
        awaited = f"`{self._probe.command}`" if self._command else f"port {self._port}"
        if not self._command and (hopeless := misplaced(await self._observe(timed_out=False))):
            raise hopeless
        self._ctx.log(f"       Still waiting for {awaited} of {self._target.name}")

    @property
    def _elapsed(self) -> float:
        return asyncio.get_running_loop().time() - self._began

    async def _ask(self) -> Health | None:
        if self._command:
            self._ran = await self._command.run(self._probe)
            passed = self._ran is not None and self._ran.exit_code == 0
            return Health(f"`{self._probe.command}` → exit code 0") if passed else None
        if self._probe.type == "tcp":
            return Health(f"TCP port {self._port}") if await self._is_open() else None
        if self._probe.strict:
            status = await self._get(self._probe.path)
            return Health(f"GET {self._probe.path} → {status}") if status in self._probe.success else None
        return await self._ask_default()

    async def _ask_default(self) -> Health | None:
        """The default path; where the app does not have it, the fallbacks, of which any answer below 500 counts (S7.2)."""
        status = await self._get(DEFAULT_PATH)
        if status in self._probe.success:
            return Health(f"GET {DEFAULT_PATH} → {status}")
        if status not in _NOT_HERE:
            return None
        for path in FALLBACK_PATHS:
            status = await self._get(path)
            if status is not None and status < 500 and (status not in _NOT_HERE or path == FALLBACK_PATHS[-1]):
                hint = f"Weakly verified: only {path} answered ({status}). Add a route at {DEFAULT_PATH}, or set --health-path."
                return Health(f"GET {path} → {status}", weak=True, hint=hint)
        return None

    async def _get(self, path: str) -> int | None:
        host = self._ctx.service.hosts[0] if self._ctx.service.hosts else self._target.address
        status = await self._ctx.platform.prober(self._target.address, self._port, path, host=host, timeout=PATIENCE)
        if status is not None:
            self._seen[path] = status
        return status

    async def _is_open(self) -> bool:
        return await probe_tcp(self._target.address, self._port, timeout=PATIENCE)

    async def _observe(self, *, timed_out: bool) -> Observation:
        engine, name = self._ctx.platform.engine, self._target.name
        sockets = await engine.listening(name) if isinstance(engine, InspectsSockets) else None
        alive = await engine.instances(service=self._ctx.service.id)
        return Observation(
            instance=name,
            port=self._port,
            probe=self._probe,
            answers=dict(self._seen),
            ran=await self._command.shown(self._ran) if self._command and self._ran else None,
            sockets=None if sockets is None else tuple(sockets),
            waited=self._elapsed if timed_out else 0.0,
            oom_killed=any(each.oom_killed for each in alive if each.name == name),
            tail=await tail(self._ctx, name),
        )


async def tail(ctx: Context, name: str) -> tuple[str, ...]:
    """The last lines an instance wrote."""
    return tuple([line.text async for line in said(ctx.platform, ctx.service, name, tail=_TAIL)])
