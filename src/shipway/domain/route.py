"""Routes: which host leads to which instances. The table is a value; making the proxy match it is the router's job."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shipway.domain.artifacts import Target
from shipway.domain.service import TrafficMode


@dataclass(frozen=True, slots=True)
class Canary:
    """A second set that gets a share of the requests; who got it once gets it again (by a cookie)."""

    #: Key into `Table.sets`.
    set: str
    #: Of the requests, 1 to 99.
    percent: int


@dataclass(frozen=True, slots=True)
class Route:
    """One service's hosts and the set of instances they lead to."""

    #: The service's id: stable while its hosts and sets change.
    service: str
    hosts: tuple[str, ...]
    #: Key into `Table.sets`: the live deployment's. Empty: the service answers 503 with Retry-After.
    set: str = ""
    canary: Canary | None = None
    #: Other than `open`: no instance gets requests, wherever the sets lead.
    mode: TrafficMode = "open"


@dataclass(frozen=True, slots=True)
class Table:
    """Everything the proxy is to know. A set that no route leads to gets no new requests but keeps those it has."""

    routes: tuple[Route, ...] = ()
    #: Instances by set, routed and draining alike. A set that is gone from here is cut.
    sets: Mapping[str, tuple[Target, ...]] = field(default_factory=dict)
