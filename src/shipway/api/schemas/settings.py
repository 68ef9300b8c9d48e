"""What a user sets once per service."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from shipway.api.schemas.fields import MOST, HttpPath, Name, Request, SourcePath, View
from shipway.api.schemas.volume_setting import VolumeIn, VolumeSettingOut
from shipway.domain.probe import ProbeType
from shipway.domain.strategy import GuardMode, Promote, StrategyType
from shipway.domain.volume import Volume

_MIB = 1024 * 1024
_DAY = 86_400.0

Port = Annotated[int, Field(ge=0, le=65_535)]
Seconds = Annotated[float, Field(ge=0, le=_DAY)]
Failures = Annotated[int, Field(ge=0, le=1000)]
LongSeconds = Annotated[float, Field(ge=1, le=_DAY)]
StatusCode = Annotated[int, Field(ge=100, le=599)]
Percent = Annotated[int, Field(ge=1, le=99)]
ProcessName = Annotated[str, Field(max_length=40, json_schema_extra={"pattern": "^[a-z][a-z0-9_-]*$"})]
CommandLine = Annotated[str, Field(max_length=4000, json_schema_extra={"pattern": r"^[^\x00]*$"})]
DeviceCount = Annotated[int, Field(ge=0, le=1024)]


def _at_least(least: float, said: str) -> Any:
    def check(value: float) -> float:
        if 0 < value < least:
            raise ValueError(f"is at least {said}, or 0 for the default")
        return value

    return AfterValidator(check)


Memory = Annotated[
    int,
    Field(ge=0, le=_MIB * _MIB, json_schema_extra={"anyOf": [{"const": 0}, {"minimum": 6 * _MIB}]}),
    _at_least(6 * _MIB, f"{6 * _MIB} bytes"),
]
Cpus = Annotated[
    float,
    Field(ge=0, le=1024, json_schema_extra={"anyOf": [{"const": 0}, {"minimum": 0.01}]}),
    _at_least(0.01, "0.01"),
]

#: Those a container engine grants by default. More would let an app out of its container.
Capability = Literal[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
]


class HealthIn(Request):
    """How an instance shows that it is up, before it may have requests and for as long as it has some."""

    type: ProbeType = "http"
    path: HttpPath = Field(default="", description="Empty: the usual paths are tried, and pass weakly.")
    port: Port = Field(default=0, description="0: the service's own.")
    timeout: LongSeconds = Field(default=180.0, description="Seconds from the instance's start.")
    success: list[StatusCode] = Field(default=[200], min_length=1, max_length=100)
    interval: LongSeconds = Field(default=5.0, description="Seconds between two questions once it is live.")
    failures: Failures = Field(
        default=3, description="In a row, after which a live instance gets no requests until it passes; 0: never."
    )
    command: CommandLine = Field(
        default="", description="Of type command: what is run inside the instance; exit code 0 passes."
    )


class LivenessIn(Request):
    """What is asked of each live instance besides; one that fails is started again."""

    path: HttpPath = Field(default="", description="200 to 399 pass. Empty: nothing is asked.")
    port: Port = Field(default=0, description="0: the service's own.")
    interval: LongSeconds = Field(default=10.0, description="Seconds between two questions.")
    timeout: LongSeconds = Field(default=5.0, description="Seconds that an answer may take.")
    failures: int = Field(default=3, ge=1, le=1000, description="In a row, after which it is started again.")


class ResourcesIn(Request):
    """Hard limits of one instance."""

    memory: Memory = Field(default=0, description="Bytes; 0: the environment's, else 512 MiB.")
    cpus: Cpus = Field(default=0.0, description="Cores; 0: the environment's, else 1.")
    pids: int = Field(default=512, ge=1, le=1_000_000, description="Processes and threads.")
    devices: dict[ProcessName, DeviceCount] = Field(
        default={}, max_length=16, description="Whole devices by kind, which no other instance has meanwhile."
    )


class StrategyIn(Request):
    """How traffic moves from one release to the next."""

    type: StrategyType = "rolling"
    promote: Promote = Field(default="auto", description="bluegreen: whether the switch waits for somebody's word.")
    steps: list[Percent] = Field(
        default=[10, 50], min_length=1, max_length=20, description="canary: percent of the requests, rising."
    )
    interval: LongSeconds = Field(default=60.0, description="canary: seconds that each step lasts.")
    sample: int = Field(default=300, ge=0, le=MOST, description="canary: requests that a step is judged by at least.")


class GuardIn(Request):
    """What watches over a deployment after it went live."""

    mode: GuardMode = Field(default="undo", description="What happens when its errors rise.")
    window: LongSeconds = Field(default=300.0, description="Seconds after the switch in which it watches.")


class SettingsIn(Request):
    """Settings of a service; those that are left out keep what they are, or their default at first."""

    health: HealthIn = HealthIn()
    liveness: LivenessIn = LivenessIn()
    resources: ResourcesIn = ResourcesIn()
    port: Port = Field(default=0, description="What `web` listens on; 0: the image's EXPOSE, else 8080.")
    drain_timeout: Seconds = Field(default=30.0, description="Seconds that requests in flight have after a switch.")
    stop_grace: Seconds = Field(default=30.0, description="Seconds between SIGTERM and SIGKILL.")
    stop_graces: dict[ProcessName, Seconds] = Field(
        default={}, max_length=50, description="The same for process types that have their own."
    )
    strategy: StrategyIn = StrategyIn()
    stop_first: list[ProcessName] = Field(
        default=[], max_length=50, description="Process types whose old instances end before the new ones start."
    )
    keep_warm: Seconds = Field(default=60.0, description="Seconds that the old instances stay, for an undo.")
    guard: GuardIn = GuardIn()
    probe_switch: bool = Field(default=False, description="Shipway asks the service itself around each switch.")
    capabilities: list[Capability] = Field(default=[], max_length=20)
    start_command: CommandLine = ""
    dockerfile: SourcePath = ""
    target: Name = Field(default="", description="Stage of the Dockerfile; empty: the last.")
    provider: Name = Field(default="", description="dockerfile, python, node …; empty: as detected.")
    build_timeout: LongSeconds = 1800.0
    release_timeout: LongSeconds = 600.0
    volumes: list[VolumeIn] = Field(default=[], max_length=20, description="All of them; see PUT `/volumes` for one.")

    def changes(self) -> dict[str, Any]:
        """What was given, and nothing else, by the names of the domain's fields; nested values as dictionaries."""
        given = self.model_dump(exclude_unset=True)
        if "health" in given:
            given["probe"] = given.pop("health")
        if "volumes" in given:
            given["volumes"] = [Volume(each.name, each.path, each.process) for each in self.volumes]
        return _tuples(given)


class HealthOut(View):
    """How an instance shows that it is up."""

    type: ProbeType
    path: str
    port: int
    timeout: float
    success: list[int]
    interval: float
    failures: int
    command: str


class LivenessOut(View):
    """What is asked of each live instance besides; one that fails is started again."""

    path: str
    port: int
    interval: float
    timeout: float
    failures: int


class ResourcesOut(View):
    """Hard limits of one instance. Of a release none is 0."""

    memory: int = Field(description="Bytes; 0: the environment's, else 512 MiB.")
    cpus: float = Field(description="Cores; 0: the environment's, else 1.")
    pids: int
    devices: dict[str, int]


class StrategyOut(View):
    """How traffic moves from one release to the next."""

    type: StrategyType
    promote: Promote
    steps: list[int]
    interval: float
    sample: int


class GuardOut(View):
    """What watches over a deployment after it went live."""

    mode: GuardMode
    window: float


class SettingsOut(View):
    """All settings of a service or a release."""

    health: HealthOut = Field(validation_alias="probe")
    liveness: LivenessOut
    resources: ResourcesOut
    port: int
    drain_timeout: float
    stop_grace: float
    stop_graces: dict[str, float]
    strategy: StrategyOut
    stop_first: list[str]
    keep_warm: float
    guard: GuardOut
    probe_switch: bool
    capabilities: list[str]
    start_command: str
    dockerfile: str
    target: str
    provider: str
    build_timeout: float
    release_timeout: float
    volumes: list[VolumeSettingOut]


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    """Lists as the domain has them, at any depth."""
    return {name: _tuple(value) for name, value in values.items()}


def _tuple(value: Any) -> Any:
    if isinstance(value, dict):
        return _tuples(value)
    return tuple(value) if isinstance(value, list) else value
