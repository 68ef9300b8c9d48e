"""From the state the proxy is in to the wanted one, as commands of its runtime API. Pure: `client.py` runs them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from shipway.routers.haproxy.render import endpoint, server_options, slot_text
from shipway.routers.haproxy.state import Server, State

#: Seconds in which connections that were just cut are gone, so that their server can be deleted.
CUT = 0.05
#: Seconds to wait for the connections of a server whose place is needed.
REPLACE = 2.0


@dataclass(frozen=True, slots=True)
class Command:
    """One line for the runtime API."""

    text: str
    #: What the proxy answers when it has done it; anything else is a refusal.
    done: str = ""
    #: Seconds in which a refused command is tried again.
    patience: float = 0.0
    #: A refusal is no error: the next plan has it again.
    optional: bool = False


def plan(actual: State, wanted: State) -> tuple[Command, ...]:
    """The commands, in order. Nothing to do gives none, but for servers that wait to be deleted.

    What is new is made ready first, then the maps are changed entry by entry, each in one atomic act, then what nothing
    leads to any more is taken away: sets that are gone are cut; instances that left a set that stays may finish.
    """
    have, want = _maps(actual), _maps(wanted)
    return (
        *_arrivals(actual, wanted),
        *(command for name in have for command in _assign(name, have[name], want[name])),
        *(command for name in reversed(have) for command in _forget(name, have[name], want[name])),
        *_departures(actual, wanted),
        *_replacements(actual, wanted),
    )


def let_go(former: State, wanted: State) -> tuple[Command, ...]:
    """For a former process, which only finishes what it has and can't be given servers: what to do with what it holds.

    Requests of a service that is open again go to the sets it knows, if these still stand; others are told to come again.
    """
    return tuple(
        Command(f"del map modes.map {service}")
        if service not in wanted.modes and former.chosen_for(service) <= wanted.sets.keys()
        else Command(f"set map modes.map {service} maintenance")
        for service, mode in former.modes.items()
        if mode == "paused" != wanted.modes.get(service)
    )


def _maps(state: State) -> dict[str, Mapping[str, str]]:
    """Contents by map, in the order in which entries are made; they are taken away in the reverse one.

    So a canary that gets everything is live before its share is forgotten, and a service is closed before and opened after
    everything else.
    """
    return {
        "modes.map": state.modes,
        "sets.map": {name: slot_text(slot) for name, slot in state.sets.items()},
        "live.map": state.live,
        "canary.map": state.canaries,
        "hosts.map": state.hosts,
    }


def _assign(name: str, have: Mapping[str, str], want: Mapping[str, str]) -> Iterator[Command]:
    for key, value in want.items():
        if have.get(key) != value:
            yield Command(f"{'set' if key in have else 'add'} map {name} {key} {value}")


def _forget(name: str, have: Mapping[str, str], want: Mapping[str, str]) -> Iterator[Command]:
    return (Command(f"del map {name} {key}") for key in have if key not in want)


def _arrivals(actual: State, wanted: State) -> Iterator[Command]:
    for backend, servers in wanted.servers.items():
        present = actual.servers.get(backend, {})
        for name, server in servers.items():
            if name not in present:
                yield from _add(f"{backend}/{name}", server)
            elif not present[name].active and _same_place(present[name], server):
                yield from _enable(f"{backend}/{name}")


def _departures(actual: State, wanted: State) -> Iterator[Command]:
    taken = wanted.taken
    for backend, servers in actual.servers.items():
        leaving = {name: server for name, server in servers.items() if name not in wanted.servers.get(backend, {})}
        yield from _remove(backend, leaving, cut=backend not in taken)


def _remove(backend: str, servers: Mapping[str, Server], *, cut: bool) -> Iterator[Command]:
    for name, server in servers.items():
        if server.active:
            yield Command(f"set server {backend}/{name} state maint")
        if cut:
            yield Command(f"shutdown sessions server {backend}/{name}")
    for name in servers:
        yield _delete(f"{backend}/{name}", patience=CUT if cut else 0.0, optional=True)


def _replacements(actual: State, wanted: State) -> Iterator[Command]:
    """An instance that came back at another address: never `set server addr`, which would keep its old connections."""
    for server, address in _moved(actual, wanted):
        yield Command(f"set server {server} state maint")
        yield Command(f"shutdown sessions server {server}")
        yield _delete(server, patience=REPLACE, optional=False)
        yield from _add(server, address)


def _moved(actual: State, wanted: State) -> Iterable[tuple[str, Server]]:
    for backend, servers in wanted.servers.items():
        present = actual.servers.get(backend, {})
        for name, server in servers.items():
            if name in present and not _same_place(present[name], server):
                yield f"{backend}/{name}", server


def _same_place(one: Server, other: Server) -> bool:
    return (one.address, one.port) == (other.address, other.port)


def _add(server: str, place: Server) -> Iterator[Command]:
    yield Command(f"add server {server} {endpoint(place)} {server_options()}", done="New server registered.")
    yield from _enable(server)


def _enable(server: str) -> Iterator[Command]:
    yield Command(f"enable health {server}")
    yield Command(f"set server {server} state ready")


def _delete(server: str, *, patience: float, optional: bool) -> Command:
    return Command(f"del server {server}", done="Server deleted.", patience=patience, optional=optional)
