"""The commands that bring HAProxy from one state to another, by equality and on a simulated runtime API."""

from dataclasses import dataclass, field, replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipway.domain.artifacts import Target
from shipway.domain.errors import Invalid
from shipway.domain.route import Canary, Route, Table
from shipway.domain.service import TrafficMode
from shipway.domain.traffic import Traffic
from shipway.routers.haproxy.plan import Command, let_go, plan
from shipway.routers.haproxy.render import parse_slot, server_options
from shipway.routers.haproxy.state import Server, Slot, State, newcomers, wanted

POOL = 6
MAPS = ("hosts.map", "modes.map", "canary.map", "live.map", "sets.map")
ONE = Target("v1.web.1", "10.0.0.1", 8080)
TWO = Target("v2.web.1", "10.0.0.2", 8080)


def test_a_new_set_is_made_ready_before_anything_leads_to_it() -> None:
    target = wanted(_table("dep_1", dep_1=[ONE]), State(POOL), [Slot("p1")])
    assert _texts(plan(State(POOL), target)) == [
        f"add server p1/v1.web.1 10.0.0.1:8080 {server_options()}",
        "enable health p1/v1.web.1",
        "set server p1/v1.web.1 state ready",
        "add map sets.map dep_1 p1:0:0:0",
        "add map live.map svc_1 dep_1",
        "add map hosts.map shop.example.com svc_1",
        "add map hosts.map www.shop.example.com svc_1",
    ]


def test_a_switch_is_one_command() -> None:
    before = _after(_table("dep_1", dep_1=[ONE], dep_2=[TWO]))
    target = wanted(_table("dep_2", dep_1=[ONE], dep_2=[TWO]), before, [])
    assert _texts(plan(before, target)) == ["set map live.map svc_1 dep_2"]


def test_each_step_of_a_canary_and_its_end_is_one_command() -> None:
    sets = {"dep_1": (ONE,), "dep_2": (TWO,)}
    steps = [None, Canary("dep_2", 10), Canary("dep_2", 50), None]
    tables = [Table((Route("svc_1", ("a.example.com",), "dep_1", canary),), sets) for canary in steps]
    states = [_after(table) for table in tables]
    commands = [_texts(plan(state, wanted(table, state, []))) for state, table in zip(states, tables[1:], strict=False)]
    assert commands == [
        ["add map canary.map svc_1 dep_2:10"],
        ["set map canary.map svc_1 dep_2:50"],
        ["del map canary.map svc_1"],
    ]


def test_a_canary_is_live_before_its_share_is_forgotten() -> None:
    sets = {"dep_1": (ONE,), "dep_2": (TWO,)}
    before = _after(Table((Route("svc_1", ("a.example.com",), "dep_1", Canary("dep_2", 50)),), sets))
    target = wanted(Table((Route("svc_1", ("a.example.com",), "dep_2"),), sets), before, [])
    assert _texts(plan(before, target)) == ["set map live.map svc_1 dep_2", "del map canary.map svc_1"]


def test_a_service_is_closed_before_and_opened_after_everything_else() -> None:
    sets = {"dep_1": (ONE,), "dep_2": (TWO,)}
    one, two = (Route("svc_1", ("a.example.com",), name) for name in sets)
    open_, paused = Table((one,), sets), Table((replace(two, mode="paused"),), sets)
    closing = plan(_after(open_), wanted(paused, _after(open_), []))
    assert _texts(closing) == ["add map modes.map svc_1 paused", "set map live.map svc_1 dep_2"]
    opening = plan(_after(paused), wanted(open_, _after(paused), []))
    assert _texts(opening) == ["set map live.map svc_1 dep_1", "del map modes.map svc_1"]


def test_a_former_process_lets_go_of_what_is_paused_no_longer() -> None:
    modes = {"stands": "paused", "gone": "paused", "closed": "paused", "still": "paused", "page": "maintenance"}
    former = State(POOL, live={**dict.fromkeys(modes, "dep_1"), "gone": "dep_0"}, modes=modes)
    now = State(POOL, sets={"dep_1": Slot("p1")}, modes={"still": "paused", "closed": "maintenance"})
    assert _texts(let_go(former, now)) == [
        "del map modes.map stands",
        "set map modes.map gone maintenance",
        "set map modes.map closed maintenance",
    ]


def test_a_former_process_sends_nothing_to_a_canary_that_is_gone() -> None:
    former = State(POOL, live={"svc_1": "dep_1"}, canaries={"svc_1": "dep_2:50"}, modes={"svc_1": "paused"})
    one, two = Slot("p1"), Slot("p2")
    aborted, passed = State(POOL, sets={"dep_1": one}), State(POOL, sets={"dep_1": one, "dep_2": two})
    assert _texts(let_go(former, aborted)) == ["set map modes.map svc_1 maintenance"]
    assert _texts(let_go(former, passed)) == ["del map modes.map svc_1"]


def test_the_same_table_needs_no_command() -> None:
    table = _table("dep_1", dep_1=[ONE])
    before = _after(table)
    assert plan(before, wanted(table, before, [])) == ()


def test_a_set_that_is_gone_is_forgotten_then_cut_then_deleted() -> None:
    before = _after(_table("dep_2", dep_1=[ONE], dep_2=[TWO]))
    target = wanted(_table("dep_2", dep_2=[TWO]), before, [])
    assert _texts(plan(before, target)) == [
        "del map sets.map dep_1",
        "set server p1/v1.web.1 state maint",
        "shutdown sessions server p1/v1.web.1",
        "del server p1/v1.web.1",
    ]


def test_an_instance_that_leaves_a_set_that_stays_is_not_cut() -> None:
    before = _after(_table("dep_1", dep_1=[ONE, TWO]))
    target = wanted(_table("dep_1", dep_1=[TWO]), before, [])
    assert _texts(plan(before, target)) == ["set server p1/v1.web.1 state maint", "del server p1/v1.web.1"]


def test_an_instance_at_a_new_address_is_a_new_server() -> None:
    before = _after(_table("dep_1", dep_1=[ONE]))
    target = wanted(_table("dep_1", dep_1=[Target(ONE.name, "10.0.0.9", 8080)]), before, [])
    commands = plan(before, target)
    assert _texts(commands) == [
        "set server p1/v1.web.1 state maint",
        "shutdown sessions server p1/v1.web.1",
        "del server p1/v1.web.1",
        f"add server p1/v1.web.1 10.0.0.9:8080 {server_options()}",
        "enable health p1/v1.web.1",
        "set server p1/v1.web.1 state ready",
    ]
    assert not commands[2].optional


def test_no_address_is_ever_changed_in_place() -> None:
    before = _after(_table("dep_1", dep_1=[ONE]))
    target = wanted(_table("dep_1", dep_1=[Target(ONE.name, "10.0.0.9", 8080)]), before, [])
    assert not [text for text in _texts(plan(before, target)) if " addr " in text]


def test_a_server_that_was_added_but_not_enabled_is_enabled() -> None:
    before = State(POOL, sets={"dep_1": Slot("p1")}, servers={"p1": {ONE.name: Server("10.0.0.1", 8080, active=False)}})
    target = wanted(Table(sets={"dep_1": (ONE,)}), before, [])
    assert _texts(plan(before, target)) == ["enable health p1/v1.web.1", "set server p1/v1.web.1 state ready"]


def test_a_server_in_a_freed_backend_is_tried_again() -> None:
    before = State(POOL, servers={"p4": {ONE.name: Server("10.0.0.1", 8080, active=False)}})
    assert _texts(plan(before, wanted(Table(), before, []))) == [
        "shutdown sessions server p4/v1.web.1",
        "del server p4/v1.web.1",
    ]


def test_a_backend_with_leftovers_is_not_empty() -> None:
    state = State(3, sets={"dep_1": Slot("p1")}, servers={"p2": {ONE.name: Server("10.0.0.1", 8080, active=False)}})
    assert state.empty() == ["p3"]


def test_a_switch_among_hundreds_of_services_is_one_command() -> None:
    routes = [Route(f"svc_{n}", (f"app{n}.example.com",), f"dep_{n}") for n in range(500)]
    sets = {f"dep_{n}": (Target(f"app{n}.web.1", "10.0.0.1", n + 1),) for n in range(501)}
    before = _after(Table(tuple(routes), sets), pool=1024)
    routes[7] = Route("svc_7", ("app7.example.com",), "dep_500")
    target = wanted(Table(tuple(routes), sets), before, [])
    assert _texts(plan(before, target)) == ["set map live.map svc_7 dep_500"]


@pytest.mark.parametrize(
    "table",
    [
        Table(sets={"dep_1": (Target("a b", "10.0.0.1", 80),)}),
        Table(sets={"dep_1": (Target("a;shutdown", "10.0.0.1", 80),)}),
        Table(sets={"dep_1": (Target("a", "host.example.com", 80),)}),
        Table(sets={"dep_1": (Target("a", "", 80),)}),
        Table(sets={"dep_1": (Target("a", "10.0.0.1", 0),)}),
        Table(sets={"dep\n1": ()}),
        Table((Route("svc", ("host\nevil",)),)),
        Table((Route("", ("host",)),)),
        Table((Route("svc", ("host",), "dep_1", Canary("dep 2", 10)),)),
        Table((Route("svc", ("host",), "dep_1", Canary("dep_2", 0)),)),
        Table((Route("svc", ("host",), "dep_1", Canary("dep_2", 100)),)),
    ],
)
def test_what_the_proxy_could_misread_is_refused(table: Table) -> None:
    with pytest.raises(Invalid):
        wanted(table, State(POOL), [Slot("p1")] * len(table.sets))


@dataclass
class Simulated:
    """As much of the runtime API as plans use. Asserts that no command is one HAProxy would refuse or misdo."""

    pool: int = POOL
    maps: dict[str, dict[str, str]] = field(default_factory=lambda: {name: {} for name in MAPS})
    servers: dict[str, dict[str, Server]] = field(default_factory=dict)
    #: Servers whose idle connections keep them from being deleted.
    clinging: frozenset[str] = frozenset()

    def state(self) -> State:
        """What the adapter would read."""
        slots = {name: parse_slot(value) for name, value in self.maps["sets.map"].items()}
        servers = {backend: dict(servers) for backend, servers in self.servers.items() if servers}
        hosts, modes, canaries, live, _ = (dict(self.maps[name]) for name in MAPS)
        return State(self.pool, hosts, live, slots, servers, canaries, modes)

    def run(self, command: Command) -> None:
        """Do what HAProxy does."""
        match command.text.split():
            case ["add", "map", name, key, value]:
                assert key not in self.maps[name], "HAProxy would keep both"
                self.maps[name][key] = value
            case ["set", "map", name, key, value]:
                assert key in self.maps[name]
                self.maps[name][key] = value
            case ["del", "map", name, key]:
                del self.maps[name][key]
            case ["add", "server", server, address, *_]:
                host, _, port = address.rpartition(":")
                backend = self.servers.setdefault(server.split("/")[0], {})
                assert server.split("/")[1] not in backend
                backend[server.split("/")[1]] = Server(host, int(port), active=False)
            case ["del", "server", server]:
                self._delete(server, command)
            case ["set", "server", server, "state", state]:
                backend, name = server.split("/")
                present = self.servers[backend][name]
                self.servers[backend][name] = Server(present.address, present.port, active=state == "ready")
            case ["enable", "health", server] | ["shutdown", "sessions", "server", server]:
                assert server.split("/")[1] in self.servers[server.split("/")[0]]
            case _:
                raise AssertionError(command.text)

    def _delete(self, server: str, command: Command) -> None:
        backend, name = server.split("/")
        assert not self.servers[backend][name].active
        if name in self.clinging and command.optional:
            return
        del self.servers[backend][name]

    def serving(self, host: str) -> set[str]:
        """Names of the servers that a request for `host` may reach now, when its service is open."""
        service = self.maps["hosts.map"].get(host, "")
        canary = self.maps["canary.map"].get(service, "").partition(":")[0]
        return self._standing(self.maps["live.map"].get(service, "")) | self._standing(canary)

    def _standing(self, chosen: str) -> set[str]:
        backend = self.maps["sets.map"].get(chosen, "").split(":")[0]
        return {name for name, server in self.servers.get(backend, {}).items() if server.active}


NAMES = st.sampled_from(["dep_1", "dep_2", "dep_3", "dep_4"])


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Two services over some of four sets; every instance's name begins with its set's."""
    sets = {
        name: tuple(
            Target(f"{name}.web.{n}", f"10.0.0.{draw(st.integers(1, 2))}", 80) for n in range(draw(st.integers(1, 2)))
        )
        for name in draw(st.lists(NAMES, unique=True, min_size=1))
    }
    return Table((_route(draw, "one", list(sets)), _route(draw, "two", list(sets))), sets)


def _route(draw: st.DrawFn, name: str, sets: list[str]) -> Route:
    live, other = draw(st.sampled_from(["", *sets])), draw(st.sampled_from(["", *sets]))
    canary = Canary(other, draw(st.sampled_from([10, 50]))) if other else None
    mode = draw(st.sampled_from(get_args(TrafficMode)))
    return Route(f"svc_{name}", (f"{name}.example.com",), live, canary, mode)


def _names(table: Table, route: Route) -> set[str]:
    """Of the sets that may serve its requests."""
    return {route.set, *([route.canary.set] if route.canary else [])} & table.sets.keys()


@given(st.lists(st.tuples(tables(), st.integers(0, 30)), min_size=1, max_size=4), st.frozensets(NAMES))
def test_from_wherever_a_crash_left_it_the_proxy_reaches_the_table(
    steps: list[tuple[Table, int]], clinging: frozenset[str]
) -> None:
    proxy = Simulated(clinging=frozenset(f"{name}.web.{n}" for name in clinging for n in range(2)), pool=40)
    for table, survived in steps:
        for command in _commands(proxy, table)[:survived]:
            proxy.run(command)
    final = steps[-1][0]
    for command in _commands(proxy, final):
        proxy.run(command)
    for route in final.routes:
        expected = {target.name for name in _names(final, route) for target in final.sets[name]}
        assert proxy.serving(route.hosts[0]) == expected
    assert proxy.state().modes == {route.service: route.mode for route in final.routes if route.mode != "open"}
    assert proxy.state().canaries.keys() == {route.service for route in final.routes if route.canary}
    assert proxy.state().sets.keys() == final.sets.keys()


@given(tables(), tables())
def test_at_no_instant_of_a_change_is_a_live_host_served_by_neither_set_or_a_foreign_one(
    before: Table, after: Table
) -> None:
    proxy = Simulated(pool=40)
    for command in _commands(proxy, before):
        proxy.run(command)
    moved = {target.name for targets in after.sets.values() for target in targets} - _unmoved(before, after)
    for command in _commands(proxy, after):
        proxy.run(command)
        for old, new in zip(before.routes, after.routes, strict=True):
            serving = proxy.serving(old.hosts[0])
            assert {name.split(".")[0] for name in serving} <= _names(before, old) | _names(after, new)
            if old.set and new.set and not moved:
                assert serving


def _unmoved(before: Table, after: Table) -> set[str]:
    """Instances that are not both before and after at different addresses."""
    old = {target.name: target for targets in before.sets.values() for target in targets}
    return {t.name for targets in after.sets.values() for t in targets if old.get(t.name, t) == t}


def _commands(proxy: Simulated, table: Table) -> tuple[Command, ...]:
    actual = proxy.state()
    vacant = [Slot(backend, Traffic(requests=7)) for backend in actual.empty()]
    return plan(actual, wanted(table, actual, vacant[: len(newcomers(table, actual))]))


def _after(table: Table, *, pool: int = POOL) -> State:
    """The state of a proxy that was empty and was given `table`."""
    proxy = Simulated(pool=pool)
    empty = State(pool)
    for command in plan(empty, wanted(table, empty, [Slot(name) for name in empty.empty()][: len(table.sets)])):
        proxy.run(command)
    return proxy.state()


def _table(live: str, **sets: list[Target]) -> Table:
    hosts = ("shop.example.com", "www.shop.example.com")
    return Table((Route("svc_1", hosts, live),), {name: tuple(targets) for name, targets in sets.items()})


def _texts(commands: tuple[Command, ...]) -> list[str]:
    return [command.text for command in commands]
