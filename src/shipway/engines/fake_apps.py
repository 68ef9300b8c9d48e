"""Apps in memory that follow a script: what the fake engine runs."""

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from shipway.domain.workload import MOST_OUTPUT, Executed, Instance, InstanceState, LogLine, Workload

KILLED = 137
TERMINATED = 143
_NO_PROGRAM = 127
_NOT_STARTED = 127
_EVERYWHERE = "0.0.0.0"  # noqa: S104 - what an app says, nothing is bound
_DEFAULT_PORT = 8080
#: Seconds before the first restart; doubled by each, up to a minute, as Docker does.
_FIRST_RESTART = 0.1
_LAST_RESTART = 60.0


@dataclass(frozen=True, slots=True)
class Command:
    """What a command inside an instance does: it says `output`, and ends `after` seconds; infinite: never."""

    exit_code: int = 0
    output: str = ""
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What an app does from its start on. By default it runs, says nothing and listens on nothing."""

    #: Lines it writes at once to stdout, and to stderr after them.
    output: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    #: Exits by itself with this code, `after` seconds from its start.
    exit_code: int | None = None
    after: float = 0.0
    oom_killed: bool = False
    #: Listens on `address`, `boot` seconds from its start; empty: never. Port 0: the one PORT tells it, else 8080.
    address: str = ""
    port: int = 0
    boot: float = 0.0
    #: HTTP status by path, and of all other paths.
    paths: Mapping[str, int] = field(default_factory=dict)
    status: int = 200
    #: Seconds it takes to end after SIGTERM; infinite: it ignores it.
    shutdown: float = 0.0
    #: What can be run beside it; nothing else is in its image.
    commands: Mapping[tuple[str, ...], Command] = field(default_factory=dict)


def exits(code: int = 1, after: float = 0.0, *, output: Sequence[str] = (), oom_killed: bool = False) -> Behaviour:
    """An app that ends by itself."""
    return Behaviour(exit_code=KILLED if oom_killed else code, after=after, output=tuple(output), oom_killed=oom_killed)


def listens_on(address: str, port: int = 0, status: int = 200) -> Behaviour:
    """An app that answers on that address only: `127.0.0.1` is reached by nobody."""
    return Behaviour(address=address, port=port, status=status)


def never_listens() -> Behaviour:
    """An app that runs and does not listen."""
    return Behaviour()


def serves(status: int = 200, *, boot: float = 0.0, paths: Mapping[str, int] | None = None) -> Behaviour:
    """An app that answers with `status` where PORT tells it to, `boot` seconds from its start."""
    return Behaviour(address=_EVERYWHERE, status=status, boot=boot, paths=paths or {})


def ignores_sigterm() -> Behaviour:
    """An app that only SIGKILL ends."""
    return Behaviour(shutdown=math.inf)


@dataclass(slots=True)
class Container:
    """One app under way. All its changes go through `begin`, `exit`, `end` and `remove`, and are told by `news`."""

    workload: Workload
    behaviour: Behaviour
    address: str
    one_off: bool
    #: Told of every start and exit.
    announce: Callable[["Container", Literal["started", "exited"]], None]
    state: InstanceState = "starting"
    exit_code: int | None = None
    oom_killed: bool = False
    restarts: int = 0
    started_at: datetime | None = None
    lines: list[LogLine] = field(default_factory=list)
    #: Nothing will happen to it any more.
    over: bool = False
    #: Set, and replaced, whenever anything above changes.
    news: asyncio.Event = field(default_factory=asyncio.Event)
    #: What it does from each start on, where it does something else now.
    first: Behaviour | None = None
    #: Commands that run beside it.
    executing: int = 0
    #: What it finds under `/run/secrets`; `None` when that got lost, as all that is in memory does with a reboot.
    secret_files: Mapping[str, str] | None = None
    #: What it will do next by itself.
    timer: asyncio.TimerHandle | None = None

    @property
    def port(self) -> int:
        """Where it listens, if it does."""
        return self.behaviour.port or int(self.workload.environment.get("PORT", _DEFAULT_PORT))

    def behave(self, behaviour: Behaviour) -> None:
        """Do something else until the next start."""
        self.first = self.first or self.behaviour
        self.behaviour = behaviour

    def listens(self) -> bool:
        """Whether anybody, be it itself alone, gets an answer from it now."""
        if self.state != "running" or not self.behaviour.address or self.started_at is None:
            return False
        return (datetime.now(UTC) - self.started_at).total_seconds() >= self.behaviour.boot

    def begin(self) -> None:
        """Start the app, unless it runs."""
        if self.state == "running":
            return
        self._hush()
        if self.workload.secret_files and self.secret_files is None:
            self.state, self.exit_code, self.over = "exited", _NOT_STARTED, True
            self._wake()
            return
        self.behaviour, self.first = self.first or self.behaviour, None
        self.state, self.over, self.started_at = "running", False, datetime.now(UTC)
        self._write("stdout", self.behaviour.output)
        self._write("stderr", self.behaviour.errors)
        self._tell("started")
        if (code := self.behaviour.exit_code) is not None:
            self._later(self.behaviour.after, lambda: self.exit(code))

    def exit(self, code: int) -> None:
        """The app ends, and begins again when its restart policy says so."""
        if self.state != "running":
            return
        again = self.workload.restart
        self._stopped(code, "starting" if again else "exited")
        if again:
            wait = min(_FIRST_RESTART * 2**self.restarts, _LAST_RESTART)
            self.restarts += 1
            self._later(wait, self.begin)

    async def end(self, grace: float) -> None:
        """SIGTERM, `grace` seconds, SIGKILL; no restart."""
        await self.halt(grace, "exited")
        self.remove()

    async def halt(self, grace: float, then: Literal["starting", "exited"]) -> None:
        """End the app if it runs: SIGTERM, `grace` seconds, SIGKILL."""
        if self.state == "running":
            await asyncio.sleep(min(self.behaviour.shutdown, grace))
        if self.state == "running":
            self._stopped(TERMINATED if self.behaviour.shutdown <= grace else KILLED, then)

    async def execute(self, argv: tuple[str, ...], timeout: float) -> Executed | None:
        """Run a command beside it."""
        if self.state != "running":
            return None
        command = self.behaviour.commands.get(argv, Command(_NO_PROGRAM, f"{argv[0]}: not found"))
        self.executing += 1
        try:
            await asyncio.sleep(min(command.after, timeout))
        finally:
            self.executing -= 1
        return Executed(None if command.after > timeout else command.exit_code, _tail(command.output))

    def remove(self) -> None:
        """Nothing happens to it any more."""
        self._hush()
        self.state, self.over = "exited", True
        self._wake()

    def seen(self) -> Instance:
        """As the engine shows it."""
        running = self.state == "running"
        return Instance(
            name=self.workload.name,
            owner=self.workload.owner,
            state=self.state,
            address=self.address if running else "",
            exit_code=None if running else self.exit_code,
            oom_killed=self.oom_killed,
            restarts=self.restarts,
            started_at=self.started_at,
            files=self.workload.files,
        )

    def _stopped(self, code: int, state: InstanceState) -> None:
        self._hush()
        self.state, self.exit_code, self.over = state, code, state == "exited"
        self.oom_killed = self.behaviour.oom_killed and code == KILLED
        self._tell("exited")

    def _write(self, stream: Literal["stdout", "stderr"], texts: Sequence[str]) -> None:
        self.lines += [LogLine(datetime.now(UTC), stream, text, self.workload.name) for text in texts]

    def _later(self, seconds: float, what: Callable[[], None]) -> None:
        self.timer = asyncio.get_running_loop().call_later(seconds, what)

    def _hush(self) -> None:
        if self.timer:
            self.timer.cancel()
            self.timer = None

    def _tell(self, kind: Literal["started", "exited"]) -> None:
        self._wake()
        self.announce(self, kind)

    def _wake(self) -> None:
        news, self.news = self.news, asyncio.Event()
        news.set()


def _tail(output: str) -> str:
    """Its last whole lines."""
    return output if len(output) <= MOST_OUTPUT else output[-MOST_OUTPUT:].partition("\n")[2]
