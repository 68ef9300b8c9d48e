"""The workload: what an engine is told to run. It knows nothing of services, users or releases."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from shipway.domain.process import Resources

InstanceState = Literal["starting", "running", "exited"]


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose an instance is; engines keep it as labels and find instances by it."""

    service: str
    deployment: str
    process: str = ""
    #: Human address, `acme/shop/production/api`; a label only.
    path: str = ""
    release: int = 0


@dataclass(frozen=True, slots=True)
class VolumeMount:
    """A volume of the engine, and where the workload finds it."""

    #: Unique on the engine, like a workload's.
    volume: str
    path: str


@dataclass(frozen=True, slots=True)
class Workload:
    """One container or pod to be."""

    #: Deterministic and unique on the engine: `acme.shop.production.api.v42.d57.web.1`.
    name: str
    owner: Owner
    #: By digest.
    image: str
    #: `None`: the image's own command.
    command: tuple[str, ...] | None
    #: Not in its `repr`: secrets are among it.
    environment: Mapping[str, str] = field(repr=False)
    #: Text files that it finds under `/run/secrets`, by name: in memory, for its own user to read. Secrets.
    secret_files: Mapping[str, str] = field(default_factory=dict, repr=False, kw_only=True)
    #: The environment's network; made when missing. Instances of different networks can't reach each other.
    network: str
    #: Names by which others on the same network reach it.
    aliases: tuple[str, ...] = ()
    resources: Resources = field(default_factory=Resources)
    capabilities: tuple[str, ...] = ()
    #: Started again by the engine itself when it dies and after a reboot. Off for candidates, so that a crash is seen.
    restart: bool = False
    hostname: str = ""
    #: Seconds between SIGTERM and SIGKILL when the engine stops it for its own reasons.
    stop_grace: float = 30.0
    #: Made when missing, and then empty; its user may write in them.
    volumes: tuple[VolumeMount, ...] = ()
    #: Name of the file set that it sees, read-only, at `/etc/config`; empty: none.
    files: str = ""
    #: Somebody sits before it: it has input, and what it writes is logged nowhere. With `terminal`, by a terminal.
    attached: bool = False
    terminal: bool = False


@dataclass(frozen=True, slots=True)
class Instance:
    """One running copy, or what is left of it, as the engine sees it now."""

    name: str
    owner: Owner
    state: InstanceState
    #: IP that the proxy and the prober reach it by; empty unless running.
    address: str
    exit_code: int | None = None
    #: Killed by the kernel for exceeding its memory limit.
    oom_killed: bool = False
    #: Times the engine started it again by itself.
    restarts: int = 0
    started_at: datetime | None = None
    #: Name of the file set that it sees; empty: none.
    files: str = ""


@dataclass(frozen=True, slots=True)
class Handed:
    """What an instance was started with, secrets among it."""

    environment: Mapping[str, str] = field(repr=False)
    #: Those that can still be read; they are in memory, which a reboot empties.
    secret_files: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class InstanceEvent:
    """Something happened to an instance: it started, or it exited."""

    name: str
    owner: Owner
    kind: Literal["started", "exited"]
    exit_code: int | None = None


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line an instance wrote."""

    at: datetime
    stream: Literal["stdout", "stderr"]
    text: str
    instance: str = ""


@dataclass(frozen=True, slots=True)
class Executed:
    """What became of a command that was run inside an instance."""

    #: 126: it can't be executed; 127: there is no such program. `None`: it did not end in time, and was ended.
    exit_code: int | None
    #: The last whole lines that it wrote, to stdout and stderr as they came: at most `MOST_OUTPUT` bytes.
    output: str = ""


#: Bytes of a command's output that are kept.
MOST_OUTPUT = 4096


@dataclass(frozen=True, slots=True)
class Socket:
    """A TCP socket an instance listens on: `127.0.0.1` is reachable by nobody else, `0.0.0.0` and `::` by all."""

    address: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether only the instance itself can reach it."""
        return self.address.startswith("127.") or self.address == "::1"
