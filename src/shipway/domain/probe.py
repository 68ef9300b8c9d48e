"""How an instance shows that it is up, that it is still ready for requests, and that it is still alive (S7.1 to S7.3)."""

from dataclasses import dataclass
from typing import Literal

ProbeType = Literal["http", "tcp", "command", "none"]

DEFAULT_PATH = "/_health/"
FALLBACK_PATHS = ("/healthz", "/health", "/")
#: Seconds that one run of a health check's command may take. Who wants less says so in the command: `timeout 5 …`.
LONGEST_RUN = 30.0
#: Status codes by which a liveness probe passes.
PASSES = range(200, 400)


@dataclass(frozen=True, slots=True)
class Probe:
    """What is asked of each instance of `web`: until it passes for the first time as its startup probe, before it may have
    traffic; from then on as its readiness probe, for as long as it has some."""

    type: ProbeType = "http"
    #: HTTP path. Empty: the default path, then the fallbacks, and the deployment is marked weakly verified.
    path: str = ""
    #: Port inside the instance; 0 for the service's own.
    port: int = 0
    #: Seconds from when it is first asked until it must have passed.
    timeout: float = 180.0
    #: HTTP status codes that pass. With fallbacks in play, anything below 500 does.
    success: tuple[int, ...] = (200,)
    #: Seconds between two questions to an instance that is live.
    interval: float = 5.0
    #: In a row, after which a live instance gets no requests until it passes again. 0: never.
    failures: int = 3
    #: Of type `command`: what is run inside the instance, read as a process type's command is. Exit code 0 passes.
    command: str = ""

    @property
    def strict(self) -> bool:
        """Whether the user chose the path, so that nothing else counts."""
        return bool(self.path)

    @property
    def longest_run(self) -> float:
        """Seconds that one run of its command may take: no more than there are to come up."""
        return min(LONGEST_RUN, self.timeout)


@dataclass(frozen=True, slots=True)
class Liveness:
    """What is asked of each live instance of `web` besides: one that fails it is started again. It should touch nothing
    that the app depends on: a restart mends no database."""

    #: HTTP path; any answer from 200 to 399 passes. Empty: nothing is asked.
    path: str = ""
    #: Port inside the instance; 0 for the service's own.
    port: int = 0
    #: Seconds between two questions.
    interval: float = 10.0
    #: Seconds that an answer may take.
    timeout: float = 5.0
    #: In a row, after which the instance is started again.
    failures: int = 3

    def first(self, timeout: float) -> Probe:
        """It as what a candidate has to pass once within `timeout` seconds: one that nothing ever passes would end live
        instances for nothing."""
        return Probe("http", self.path, self.port, timeout, tuple(PASSES))


@dataclass(frozen=True, slots=True)
class Question:
    """What a live instance is asked to see whether it is ready."""

    #: 0 for the service's own.
    port: int = 0
    #: Empty: only whether it accepts a connection.
    path: str = ""
    #: Status codes that pass.
    success: tuple[int, ...] = ()
    #: Not empty: it is run inside the instance, and nothing else is asked.
    command: str = ""


def readiness(probe: Probe, *, weak: bool) -> Question | None:
    """What is asked of the live instances of a deployment that passed its probe, `weak`ly or not; `None` for nothing.

    What passed weakly was never said to tell anything about health: of those instances only a connection is asked.
    """
    if probe.type == "none" or not probe.failures:
        return None
    if probe.type == "command":
        return Question(command=probe.command)
    if probe.type == "tcp" or weak:
        return Question(probe.port)
    return Question(probe.port, probe.path or DEFAULT_PATH, probe.success)
