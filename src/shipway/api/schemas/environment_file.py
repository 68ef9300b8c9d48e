"""`shipway.toml` of an environment: its grammar. What a key takes and means is said once: where the API says it, if it does."""

import re
from copy import deepcopy
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from shipway.api.schemas.config import Name as VariableName
from shipway.api.schemas.config import Value
from shipway.api.schemas.fields import Name, Request, SourcePath
from shipway.api.schemas.plan import Count
from shipway.api.schemas.service import HostName
from shipway.api.schemas.settings import (
    Capability,
    CommandLine,
    Cpus,
    GuardIn,
    HealthIn,
    LivenessIn,
    LongSeconds,
    Memory,
    Port,
    ProcessName,
    ResourcesIn,
    Seconds,
    SettingsIn,
    StrategyIn,
)
from shipway.api.schemas.source import SourceBody
from shipway.api.schemas.volume_setting import VolumeName

_FACTORS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}


def _same(name: str) -> Any:
    """The setting as the API describes it."""
    return deepcopy(SettingsIn.model_fields[name])


def _bytes(value: Any) -> Any:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", value.strip().lower()) if isinstance(value, str) else None
    if isinstance(value, str) and not match:
        raise ValueError('is no amount of memory: write "512m" or "1g"')
    return int(float(match[1]) * _FACTORS[match[2]]) if match else value


def _table_of(name: str) -> Any:
    """Lets a text stand for a table with that one key."""

    def read(value: Any) -> Any:
        if isinstance(value, (bool, int, float)):
            raise ValueError(f'is no text: write it in quotes, "{str(value).lower()}"')
        return {name: value} if isinstance(value, str) else value

    return read


MemoryText = Annotated[Memory, BeforeValidator(_bytes, json_schema_input_type=int | str)]


class BuildTable(Request):
    """How the source is built; what else there is to say about that stands in the source."""

    provider: Name = _same("provider")
    dockerfile: SourcePath = Field(default="", description="Path of the Dockerfile inside the source.")
    target: Name = _same("target")
    timeout: LongSeconds = Field(default=1800.0, description="Seconds after which a build is ended.")


class ProcessTable(Request):
    """One process type."""

    command: CommandLine = Field(default="", description="Of web alone; others are named by the source.")
    scale: Count = Field(default=1, description="Instances.")
    stop_grace: Seconds = Field(default=30.0, description="Seconds between SIGTERM and SIGKILL.")
    stop_first: bool = Field(default=False, description="Its old instances end before the new ones start.")


class ResourcesTable(ResourcesIn):
    """Hard limits of one instance."""

    memory: MemoryText = Field(default=0, description='"512m", "1g", or bytes; 0: that of all, else "512m".')


class LimitsTable(Request):
    """Hard limits of one instance, of services that say nothing themselves."""

    memory: MemoryText = Field(default=0, description='"512m", "1g", or bytes; 0: "512m".')
    cpus: Cpus = Field(default=0.0, description="Cores; 0: 1.")


class VolumeTable(Request):
    """One volume, by its name."""

    path: str = Field(max_length=200, description="Absolute; where instances find it.")
    process: str = Field(default="", max_length=40, description="The one process type that has it; empty: all have.")


class VariableTable(Request):
    """One config var: a value, or the secret that it is."""

    value: Value | None = None
    secret: str | None = Field(default=None, max_length=250, description="NAME, NAME@3 or NAME@latest.")
    buildtime: bool = Field(default=False, description="Builds get it as an argument, too.")


class FileTable(Request):
    """One config file: what is in it, or where that is, relative to this file."""

    content: str | None = None
    path: str | None = Field(default=None, max_length=1000)


def _one_of(first: str, second: str) -> Any:
    def check(table: Any) -> Any:
        if (getattr(table, first) is None) == (getattr(table, second) is None):
            raise ValueError(f"takes either {first} or {second}")
        return table

    return AfterValidator(check)


Variable = Annotated[
    VariableTable,
    BeforeValidator(_table_of("value"), json_schema_input_type=str | VariableTable),
    _one_of("value", "secret"),
]
File = Annotated[
    FileTable,
    BeforeValidator(_table_of("content"), json_schema_input_type=str | FileTable),
    _one_of("content", "path"),
]
Variables = Annotated[dict[VariableName, Variable], Field(max_length=1000)]


class ServiceTable(Request):
    """One service. What is left out stays as it is, or is at its default in a new one."""

    source: SourceBody | None = Field(default=None, description="Where its code or image comes from; else uploads.")
    hosts: list[HostName] | None = Field(
        default=None, max_length=100, description="Host names that lead here; left out: one under the base domain."
    )
    port: Port = _same("port")
    drain_timeout: Seconds = _same("drain_timeout")
    stop_grace: Seconds = _same("stop_grace")
    keep_warm: Seconds = _same("keep_warm")
    probe_switch: bool = _same("probe_switch")
    capabilities: list[Capability] = _same("capabilities")
    release_timeout: LongSeconds = Field(default=600.0, description="Seconds after which the release command is ended.")
    build: BuildTable = BuildTable()
    processes: dict[ProcessName, ProcessTable] = Field(default={}, max_length=50)
    health: HealthIn = HealthIn()
    liveness: LivenessIn = LivenessIn()
    resources: ResourcesTable = ResourcesTable()
    strategy: StrategyIn = StrategyIn()
    guard: GuardIn = GuardIn()
    volumes: dict[VolumeName, VolumeTable] = Field(default={}, max_length=20)
    files: dict[Annotated[str, Field(max_length=250)], File] = Field(
        default={}, max_length=200, description="Config files by their path below /etc/config."
    )
    config: Variables = Field(default={}, description="Its own config vars.")
    secret_files: dict[Annotated[str, Field(max_length=200)], Annotated[str, Field(max_length=250)]] = Field(
        default={}, max_length=200, description="Files under /run/secrets, and the secret that each one is."
    )


class EnvironmentFile(Request):
    """A `shipway.toml` that describes an environment."""

    model_config = ConfigDict(extra="forbid", title="shipway.toml")

    config: Variables = Field(default={}, description="Config vars of all its services.")
    resources: LimitsTable = LimitsTable()
    services: dict[str, ServiceTable] = Field(max_length=200)
