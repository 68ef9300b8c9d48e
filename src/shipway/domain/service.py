"""The service: one deployable unit with one source and its process types (S1.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from shipway.domain.following import Following
from shipway.domain.names import ServicePath
from shipway.domain.probe import Liveness, Probe
from shipway.domain.process import NO_LIMITS, UNSAID, Limits, Resources
from shipway.domain.secret import SecretHome
from shipway.domain.source import Source
from shipway.domain.strategy import Guard, Strategy
from shipway.domain.volume import Volume

#: `maintenance`: requests are answered with a page; `paused`: they are held, and go on when it is over (S10.3).
TrafficMode = Literal["open", "maintenance", "paused"]
ServiceState = Literal["stopped", "deploying", "running", "degraded", "failed"]


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """What a user sets once per service; every release freezes a copy, in which nothing is left to the environment."""

    probe: Probe = field(default_factory=Probe)
    liveness: Liveness = field(default_factory=Liveness)
    resources: Resources = UNSAID
    #: Port that `web` listens on, given to it as PORT; 0: the image's EXPOSE, else 8080.
    port: int = 0
    #: Seconds after a switch in which requests in flight may end (S6.6).
    drain_timeout: float = 30.0
    #: Seconds between SIGTERM and SIGKILL.
    stop_grace: float = 30.0
    #: The same for process types that have their own: a worker may need longer to end its job.
    stop_graces: Mapping[str, float] = field(default_factory=dict)
    strategy: Strategy = field(default_factory=Strategy)
    #: Process types of which the old instances end before the new ones start, so that two never run at once: schedulers.
    stop_first: tuple[str, ...] = ()
    #: Seconds that the old instances stay started after a switch, without requests, so that an undo takes no start (S6.8).
    keep_warm: float = 60.0
    guard: Guard = field(default_factory=Guard)
    #: Whether Shipway asks the service itself around each switch, so that one that nobody asks gets a verdict too.
    probe_switch: bool = False
    #: Linux capabilities the app keeps; all others are dropped (S6.10).
    capabilities: tuple[str, ...] = ()
    #: Overrides the detected or Procfile command of `web`.
    start_command: str = ""
    #: Path of the Dockerfile inside the source; empty: `Dockerfile` when there is one.
    dockerfile: str = ""
    #: Stage of the Dockerfile that is built; empty: the last.
    target: str = ""
    #: How the source is built where it can be in several ways: `dockerfile`, `python`, `node` …; empty: as detected.
    provider: str = ""
    #: Seconds after which a build is ended.
    build_timeout: float = 1800.0
    #: Seconds after which the release command is ended.
    release_timeout: float = 600.0
    #: Directories that outlive releases. A release names them; what is in them no release takes back.
    volumes: tuple[Volume, ...] = ()

    def grace_of(self, process: str) -> float:
        """Seconds between SIGTERM and SIGKILL for instances of a process type."""
        return self.stop_graces.get(process, self.stop_grace)


@dataclass(frozen=True, slots=True)
class Service:
    """One deployable unit."""

    id: str
    environment_id: str
    workspace_id: str
    path: ServicePath
    source: Source
    settings: ServiceSettings
    #: Instances wanted per process type, as the user scaled it; see `scale_of` for the rest.
    scale: dict[str, int]
    #: Host names routed to `web`, the default one first.
    hosts: tuple[str, ...]
    #: The deployment that has the traffic, if any.
    live_deployment_id: str | None
    created_at: datetime
    traffic: TrafficMode = "open"
    #: Why nothing is deployed by itself for now, pushes or otherwise; empty when it is.
    held: str = ""
    following: Following = field(default_factory=Following)
    #: Nobody finds it by its path any more; it is there until all that it had has gone.
    deleting: bool = False
    #: Its environment's, for what it leaves unsaid.
    limits: Limits = NO_LIMITS

    @property
    def in_effect(self) -> ServiceSettings:
        """Its settings as a release that is made now freezes them."""
        return replace(self.settings, resources=self.settings.resources.within(self.limits))

    @property
    def secret_home(self) -> SecretHome:
        """Whose secrets it can be given."""
        return SecretHome(self.environment_id, self.path.home)

    def scale_of(self, process: str, otherwise: int = 1) -> int:
        """Instances wanted of `process`: as scaled, else as many as the release begins with."""
        return self.scale.get(process, otherwise)
