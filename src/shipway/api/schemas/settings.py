"""What a user sets once per service."""

from typing import Annotated, Any, Literal

from pydantic import Field

from shipway.api.schemas.fields import HttpPath, Name, Request, SourcePath, View
from shipway.domain.probe import ProbeType

_MIB = 1024 * 1024
_DAY = 86_400.0

Port = Annotated[int, Field(ge=0, le=65_535)]
Seconds = Annotated[float, Field(ge=0, le=_DAY)]
LongSeconds = Annotated[float, Field(ge=1, le=_DAY)]
StatusCode = Annotated[int, Field(ge=100, le=599)]

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
    """How an instance shows that it is up."""

    type: ProbeType = "http"
    path: HttpPath = Field(default="", description="Empty: the usual paths are tried, and pass weakly.")
    port: Port = Field(default=0, description="0: the service's own.")
    timeout: LongSeconds = Field(default=180.0, description="Seconds from the instance's start.")
    success: list[StatusCode] = Field(default=[200], min_length=1, max_length=100)


class ResourcesIn(Request):
    """Hard limits of one instance."""

    memory: int = Field(default=512 * _MIB, ge=6 * _MIB, le=_MIB * _MIB, description="Bytes.")
    cpus: float = Field(default=1.0, ge=0.01, le=1024, description="Cores.")
    pids: int = Field(default=512, ge=1, le=1_000_000, description="Processes and threads.")


class SettingsIn(Request):
    """Settings of a service; those that are left out keep what they are, or their default at first."""

    health: HealthIn = HealthIn()
    resources: ResourcesIn = ResourcesIn()
    port: Port = Field(default=0, description="What `web` listens on; 0: the image's EXPOSE, else 8080.")
    drain_timeout: Seconds = Field(default=30.0, description="Seconds that requests in flight have after a switch.")
    stop_grace: Seconds = Field(default=30.0, description="Seconds between SIGTERM and SIGKILL.")
    capabilities: list[Capability] = Field(default=[], max_length=20)
    start_command: str = Field(default="", max_length=4000, json_schema_extra={"pattern": r"^[^\x00]*$"})
    dockerfile: SourcePath = ""
    target: Name = Field(default="", description="Stage of the Dockerfile; empty: the last.")
    provider: Name = Field(default="", description="dockerfile, python, node …; empty: as detected.")
    build_timeout: LongSeconds = 1800.0
    release_timeout: LongSeconds = 600.0

    def changes(self) -> dict[str, Any]:
        """What was given, and nothing else, by the names of the domain's fields; nested values as dictionaries."""
        given = self.model_dump(exclude_unset=True)
        if "health" in given:
            given["probe"] = _tuples(given.pop("health"))
        return _tuples(given)


class HealthOut(View):
    """How an instance shows that it is up."""

    type: ProbeType
    path: str
    port: int
    timeout: float
    success: list[int]


class ResourcesOut(View):
    """Hard limits of one instance."""

    memory: int
    cpus: float
    pids: int


class SettingsOut(View):
    """All settings of a service or a release."""

    health: HealthOut = Field(validation_alias="probe")
    resources: ResourcesOut
    port: int
    drain_timeout: float
    stop_grace: float
    capabilities: list[str]
    start_command: str
    dockerfile: str
    target: str
    provider: str
    build_timeout: float
    release_timeout: float


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
