"""What the proxy knows, as a value: read from it (the actual state) or made from the table (the wanted one).

HAProxy's backends can't be added while it runs, so it has a pool of them, `p1` to `pN`, all alike. Each set lives in
one, its *slot*. Maps lead a request there, and they say what the table says:

    hosts.map    host    → service
    modes.map    service → `maintenance` or `paused`; no entry: open
    canary.map   service → set:percent   one changed entry moves all hosts of a service, in one atomic act
    live.map     service → set           likewise
    sets.map     set     → backend
"""

import re
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from shipway.domain.artifacts import Target
from shipway.domain.errors import Invalid
from shipway.domain.route import Canary, Table
from shipway.domain.traffic import Traffic

_WORD = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class Server:
    """One instance in a backend."""

    address: str
    port: int
    #: False in maintenance: it gets no new requests.
    active: bool = True


@dataclass(frozen=True, slots=True)
class Slot:
    """The backend a set lives in."""

    backend: str
    #: What the backend had counted before the set moved in, to be taken off what it counts now.
    before: Traffic = field(default_factory=Traffic)


@dataclass(frozen=True, slots=True)
class State:
    """Everything that routing depends on in one HAProxy process."""

    #: Number of backends in the pool.
    pool: int
    hosts: Mapping[str, str] = field(default_factory=dict)
    live: Mapping[str, str] = field(default_factory=dict)
    sets: Mapping[str, Slot] = field(default_factory=dict)
    #: Servers by backend, then by name. A freed backend may hold some that could not be deleted yet.
    servers: Mapping[str, Mapping[str, Server]] = field(default_factory=dict)
    #: Set and percent by service: `dep_2:10`.
    canaries: Mapping[str, str] = field(default_factory=dict)
    #: Of the services that are not open.
    modes: Mapping[str, str] = field(default_factory=dict)

    @property
    def taken(self) -> set[str]:
        """Backends that some set lives in."""
        return {slot.backend for slot in self.sets.values()}

    def chosen_for(self, service: str) -> set[str]:
        """Sets that a service's requests may be sent to; an empty name among them when they may be sent nowhere."""
        canary = self.canaries.get(service, "").partition(":")[0]
        return {self.live.get(service, ""), *([canary] if canary else [])}

    def empty(self) -> list[str]:
        """Backends without a set and without servers, so without any connection that could be reused by mistake."""
        taken = self.taken
        return [name for name in backends(self.pool) if name not in taken and not self.servers.get(name)]


def backends(pool: int) -> list[str]:
    """Names of the pool's backends, in order."""
    return [f"p{number}" for number in range(1, pool + 1)]


def newcomers(table: Table, actual: State) -> list[str]:
    """The table's sets that have no slot yet, in order."""
    return [name for name in table.sets if name not in actual.sets]


def wanted(table: Table, actual: State, vacant: Sequence[Slot]) -> State:
    """What the proxy is to know for `table`: sets it has stay where they are, newcomers take the `vacant` slots in order.

    Raises `Invalid` for a name, host, address or share that HAProxy could misread.
    """
    slots = {**actual.sets, **dict(zip(newcomers(table, actual), vacant, strict=True))}
    return State(
        pool=actual.pool,
        hosts={_word(host).lower(): _word(route.service) for route in table.routes for host in route.hosts},
        live={_word(route.service): _word(route.set) for route in table.routes if route.set},
        canaries={_word(route.service): _share(route.canary) for route in table.routes if route.canary},
        modes={_word(route.service): route.mode for route in table.routes if route.mode != "open"},
        sets={_word(name): slots[name] for name in table.sets},
        servers={slots[name].backend: _servers(targets) for name, targets in table.sets.items()},
    )


def _share(canary: Canary) -> str:
    if not 0 < canary.percent < 100:
        raise Invalid(f"{canary.set} is to get {canary.percent} % of the requests.", hint="A canary gets 1 to 99 %.")
    return f"{_word(canary.set)}:{canary.percent}"


def _servers(targets: Iterable[Target]) -> dict[str, Server]:
    return {_word(target.name): _server(target) for target in targets}


def _server(target: Target) -> Server:
    if not 0 < target.port < 65536:
        raise Invalid(f"{target.name} has the port {target.port}.", hint="Ports are 1 to 65535.")
    family = socket.AF_INET6 if ":" in target.address else socket.AF_INET
    try:
        # as HAProxy writes it; the ipaddress module takes four times as long, which counts with hundreds of services
        return Server(socket.inet_ntop(family, socket.inet_pton(family, target.address)), target.port)
    except (OSError, ValueError) as error:
        raise Invalid(
            f"{target.name} has the address {target.address!r}, which is no IP address.",
            hint="Route an instance only while it runs and has an address.",
        ) from error


def _word(value: str) -> str:
    if not _WORD.fullmatch(value):
        raise Invalid(
            f"The proxy can't route {value!r}.",
            hint="Names and hosts are letters, digits, dots, dashes and underscores.",
        )
    return value
