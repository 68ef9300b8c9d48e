"""Routes: which host leads to which instances. The table is a value; making the proxy match it is the router's job."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shipway.domain.artifacts import Target


@dataclass(frozen=True, slots=True)
class Route:
    """One service's hosts and the set of instances they lead to."""

    #: The service's id: stable while its hosts and sets change.
    service: str
    hosts: tuple[str, ...]
    #: Key into `Table.sets`: the live deployment's id. Empty: the service answers 503 with Retry-After.
    set: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Everything the proxy is to know. A set that no route leads to gets no new requests but keeps those it has."""

    routes: tuple[Route, ...] = ()
    #: Instances by set (deployment id), routed and draining alike. A set that is gone from here is cut.
    sets: Mapping[str, tuple[Target, ...]] = field(default_factory=dict)
