"""From what the store knows to the table the router is given: pure, and always in the same order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shipway.domain.artifacts import Target
from shipway.domain.errors import Conflict
from shipway.domain.route import Canary, Route, Table
from shipway.domain.service import TrafficMode


@dataclass(frozen=True, slots=True)
class LiveService:
    """What routing needs to know of one service."""

    #: The service's id.
    service: str
    hosts: tuple[str, ...]
    #: Name of the live deployment's set; empty for none: the hosts answer 503 with Retry-After.
    live_set: str = ""
    canary: Canary | None = None
    mode: TrafficMode = "open"


def build_table(services: Iterable[LiveService], sets: Mapping[str, tuple[Target, ...]]) -> Table:
    """The table for these services and sets (instances by set, routed and draining alike).

    Equal input in any order gives an equal table in the same order. Hosts are compared without regard to case.
    Raises `Conflict` when two services claim the same host, naming both.
    """
    ordered = sorted(services, key=lambda live: live.service)
    _refuse_shared_hosts(ordered)
    routes = tuple(Route(live.service, _hosts(live), live.live_set, live.canary, live.mode) for live in ordered)
    return Table(routes, {name: tuple(sorted(sets[name], key=lambda target: target.name)) for name in sorted(sets)})


def _hosts(live: LiveService) -> tuple[str, ...]:
    return tuple(dict.fromkeys(host.lower() for host in live.hosts))


def _refuse_shared_hosts(services: Iterable[LiveService]) -> None:
    owners: dict[str, str] = {}
    for live in services:
        for host in _hosts(live):
            owner = owners.setdefault(host, live.service)
            if owner != live.service:
                raise Conflict(
                    f"The host {host} belongs to two services, {owner} and {live.service}.",
                    hint="Take it away from one of them.",
                )
