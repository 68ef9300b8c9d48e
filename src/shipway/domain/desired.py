"""What a file wants of a service, and what the service is like once it has that. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, is_dataclass, replace
from typing import Any

from shipway.domain.config import Var
from shipway.domain.errors import Conflict
from shipway.domain.service import ServiceSettings
from shipway.domain.source import Source, UploadSource
from shipway.domain.volume import Volume


@dataclass(frozen=True, slots=True)
class ServiceState:
    """All of a service that a file can describe."""

    source: Source = field(default_factory=UploadSource)
    #: `None`: the one that it was given when it was made.
    hosts: tuple[str, ...] | None = None
    settings: ServiceSettings = field(default_factory=ServiceSettings)
    scale: Mapping[str, int] = field(default_factory=dict)
    #: The service's own.
    config: Mapping[str, Var] = field(default_factory=dict)
    #: What is in config files, by their paths below `/etc/config`.
    files: Mapping[str, str] = field(default_factory=dict)
    #: References to secrets, by names of files under `/run/secrets`.
    secret_files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a file says about a service. `None`, and whatever a mapping does not name: it says nothing about that."""

    source: Source | None = None
    hosts: tuple[str, ...] | None = None
    #: By the names of the domain's fields; nested where those are.
    settings: Mapping[str, Any] = field(default_factory=dict)
    volumes: Mapping[str, Volume] = field(default_factory=dict)
    stop_graces: Mapping[str, float] = field(default_factory=dict)
    stop_first: Mapping[str, bool] = field(default_factory=dict)
    scale: Mapping[str, int] = field(default_factory=dict)
    config: Mapping[str, Var] = field(default_factory=dict)
    #: Whether builds get a config var; of others that stays as it is.
    buildtime: Mapping[str, bool] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    secret_files: Mapping[str, str] = field(default_factory=dict)

    @property
    def references(self) -> tuple[str, ...]:
        """To secrets, as they are written."""
        return (*(var.reference for var in self.config.values() if var.reference), *self.secret_files.values())


@dataclass(frozen=True, slots=True)
class WantedEnvironment:
    """What a file says about an environment."""

    services: Mapping[str, Wanted]
    #: The environment's own config vars.
    config: Mapping[str, Var] = field(default_factory=dict)
    buildtime: Mapping[str, bool] = field(default_factory=dict)
    #: Of its limits those that the file says, by name.
    limits: Mapping[str, Any] = field(default_factory=dict)

    @property
    def references(self) -> tuple[str, ...]:
        """To secrets, its own and those of its services, as they are written."""
        own = (var.reference for var in self.config.values() if var.reference)
        return (*own, *(reference for each in self.services.values() for reference in each.references))


def overlaid(before: ServiceState, wanted: Wanted) -> ServiceState:
    """`before` with everything that is wanted; all else stays. Raises `Conflict` for another kind of source."""
    if wanted.source is not None and type(wanted.source) is not type(before.source):
        raise Conflict("A service keeps its kind of source.", hint="Describe another service for the other kind.")
    return ServiceState(
        source=wanted.source or before.source,
        hosts=before.hosts if wanted.hosts is None else wanted.hosts,
        settings=_settings(before.settings, wanted),
        scale={**before.scale, **wanted.scale},
        config=overlaid_vars(before.config, wanted.config, wanted.buildtime),
        files={**before.files, **wanted.files},
        secret_files={**before.secret_files, **wanted.secret_files},
    )


def blank(like: Source | None) -> ServiceState:
    """A service that nobody has said anything about but where it comes from."""
    return ServiceState(source=like or UploadSource())


def overlaid_vars(
    before: Mapping[str, Var], wanted: Mapping[str, Var], buildtime: Mapping[str, bool]
) -> dict[str, Var]:
    """Config vars with those that are wanted. A secret is no build argument."""
    after = dict(before)
    for name, var in wanted.items():
        was = name in before and before[name].buildtime
        after[name] = replace(var, buildtime=not var.reference and buildtime.get(name, was))
    return after


def replaced(value: Any, changes: Mapping[str, Any]) -> Any:
    """A dataclass with some fields changed; a nested mapping changes some fields of what is nested."""
    if not is_dataclass(value):
        return changes
    new = {
        name: replaced(getattr(value, name), change) if isinstance(change, Mapping) else change
        for name, change in changes.items()
    }
    return replace(value, **new)  # type: ignore[type-var]


def _settings(before: ServiceSettings, wanted: Wanted) -> ServiceSettings:
    settings: ServiceSettings = replaced(before, wanted.settings)
    volumes = {each.name: each for each in before.volumes} | dict(wanted.volumes)
    first = {**dict.fromkeys(before.stop_first, True), **wanted.stop_first}
    return replace(
        settings,
        volumes=tuple(volumes[name] for name in sorted(volumes)),
        stop_graces={**before.stop_graces, **wanted.stop_graces},
        stop_first=tuple(sorted(name for name, yes in first.items() if yes)),
    )
