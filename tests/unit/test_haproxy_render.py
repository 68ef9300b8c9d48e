"""The proxy's files and answers as text."""

import re

import pytest

from shipway.domain.traffic import Traffic
from shipway.routers.haproxy import render
from shipway.routers.haproxy.answers import parse_counters, parse_servers
from shipway.routers.haproxy.identity import Identity
from shipway.routers.haproxy.render import (
    STATE_MARK,
    Base,
    config,
    files,
    parse_slot,
    rebase,
    server_options,
    slot_text,
)
from shipway.routers.haproxy.state import Server, Slot, State

BASE = Base("0.0.0.0", 8080)
STATE = State(
    pool=3,
    hosts={"shop.example.com": "svc_1", "www.shop.example.com": "svc_1"},
    live={"svc_1": "dep_2"},
    sets={"dep_1": Slot("p1", Traffic(requests=40, errors_5xx=2, connection_errors=1)), "dep_2": Slot("p3")},
    servers={
        "p1": {"v1.web.1": Server("10.0.0.1", 8080), "v1.web.2": Server("10.0.0.3", 8080, active=False)},
        "p2": {"v0.web.1": Server("10.0.0.9", 8080, active=False)},
        "p3": {"v2.web.1": Server("10.0.0.2", 8080), "v2.web.2": Server("fd00::2", 8080)},
    },
    canaries={"svc_1": "dep_1:10"},
    modes={"svc_1": "paused"},
)


def test_the_maps_say_what_the_table_says_and_a_new_process_has_counted_nothing() -> None:
    contents = files(BASE, STATE)
    assert contents["hosts.map"] == "shop.example.com svc_1\nwww.shop.example.com svc_1\n"
    assert contents["modes.map"] == "svc_1 paused\n"
    assert contents["canary.map"] == "svc_1 dep_1:10\n"
    assert contents["live.map"] == "svc_1 dep_2\n"
    assert contents["sets.map"] == "dep_1 p1\ndep_2 p3\n"


def test_the_configuration_lists_the_pool_with_the_servers_of_its_sets_that_take_requests() -> None:
    assert config(BASE, STATE).partition(STATE_MARK)[2] == (
        "backend p1\n"
        f"    server v1.web.1 10.0.0.1:8080 {server_options()}\n"
        "backend p2\n"
        "backend p3\n"
        f"    server v2.web.1 10.0.0.2:8080 {server_options()}\n"
        f"    server v2.web.2 [fd00::2]:8080 {server_options()}\n"
    )


def test_where_a_set_lives_is_written_before_what_leads_there() -> None:
    names = list(files(BASE, STATE))
    assert names.index("sets.map") < names.index("haproxy.cfg") < names.index("canary.map")
    assert names.index("haproxy.cfg") < names.index("live.map") < names.index("hosts.map")


def test_files_of_two_states_lead_no_host_to_anothers_instances_however_many_were_written() -> None:
    hosts = {"shop.example.com": "shop", "blog.example.com": "blog"}
    before = _state(hosts, {"shop": "shop_1"}, {"shop": "shop_2:10"}, ["shop_1", "shop_2", "blog_1"])
    after = _state(hosts, {"shop": "shop_3", "blog": "blog_3"}, {"blog": "blog_2:10"}, ["blog_2", "blog_3", "shop_3"])
    for old, new in ((before, after), (after, before)):
        for written in range(len(files(BASE, old)) + 1):
            mixed = files(BASE, old) | dict(list(files(BASE, new).items())[:written])
            for host, service in hosts.items():
                assert all(name.startswith(service) for name in _servers(mixed, host)), (host, written)


def _state(hosts: dict[str, str], live: dict[str, str], canaries: dict[str, str], sets: list[str]) -> State:
    slots = {name: Slot(f"p{number}") for number, name in enumerate(sets, 1)}
    servers = {slot.backend: {f"{name}.web.1": Server("10.0.0.1", 8080)} for name, slot in slots.items()}
    return State(3, hosts, live, slots, servers, canaries)


def _servers(contents: dict[str, str], host: str) -> set[str]:
    """Names of the servers that a process would send requests for `host` to, started from these files."""
    hosts, canaries, live, sets = (
        dict(line.split() for line in contents[f"{name}.map"].splitlines())
        for name in ("hosts", "canary", "live", "sets")
    )
    chosen = {live.get(hosts[host], ""), canaries.get(hosts[host], "").partition(":")[0]}
    backends = {sets[name] for name in chosen if name in sets}
    blocks = contents["haproxy.cfg"].partition(STATE_MARK)[2].split("backend ")
    return {name for block in blocks if block[:2] in backends for name in re.findall(r"server (\S+)", block)}


def test_an_earlier_configuration_keeps_its_state_on_a_new_base() -> None:
    moved = Base("127.0.0.1", 80)
    assert rebase(moved, config(BASE, STATE)) == config(moved, STATE)


def test_an_identity_changes_with_address_pool_and_template_and_with_nothing_else() -> None:
    assert BASE.identity(3) == Base("0.0.0.0", 8080).identity(3)
    others = {BASE.identity(4), Base("0.0.0.0", 80).identity(3), Base("0.0.0.0", 8080, "haproxy").identity(3)}
    assert len(others | {BASE.identity(3)}) == 4


def test_an_identity_is_read_from_the_running_configuration() -> None:
    identity = Base("::", 8080).identity(64)
    assert f"    description {identity}\n" in Base("::", 8080).text(64)
    assert Identity.parse(str(identity)) == identity


def test_somebody_elses_description_is_no_identity_of_ours() -> None:
    assert Identity.parse("edge proxy of the office") == Identity.parse("") == Identity()


def test_root_hands_the_requests_to_a_user_of_no_rights() -> None:
    assert "    user haproxy\n    group haproxy\n" in Base("0.0.0.0", 8080, "haproxy").text(1)
    assert "user" not in BASE.text(1).partition("defaults")[0].replace("unix", "")


def test_an_ipv6_address_is_bound_in_brackets() -> None:
    assert "    bind [::]:8080\n" in Base("::", 8080).text(1)


def test_a_slot_is_read_as_it_was_written_with_or_without_counts() -> None:
    slot = Slot("p3", Traffic(requests=1042, errors_5xx=7, connection_errors=1))
    assert slot_text(slot) == "p3:1042:7:1"
    assert parse_slot("p3:1042:7:1") == slot
    assert parse_slot("p3") == Slot("p3")


def test_servers_are_read_with_their_place_and_whether_they_take_requests() -> None:
    text = (
        "1\n"
        "# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_port\n"
        "3 p1 1 v1.web.1 10.0.0.1 2 0 1 8080\n"
        "3 p1 2 v1.web.2 fd00::2 0 1 1 8081"
    )
    assert parse_servers(text) == {
        "p1": {"v1.web.1": Server("10.0.0.1", 8080), "v1.web.2": Server("fd00::2", 8081, active=False)}
    }


def test_no_servers_are_read_from_a_pool_that_is_empty() -> None:
    assert parse_servers("1\n# be_id be_name srv_id srv_name srv_addr srv_admin_state srv_port") == {}


def test_an_identity_changes_with_what_holds_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    before = BASE.identity(3)
    monkeypatch.setattr(render, "_HOLD", "-- another program\n")
    assert BASE.identity(3) != before


def test_counters_are_read_by_column_name_and_times_from_the_servers_of_a_set() -> None:
    text = (
        "# pxname,svname,status,qcur,scur,econ,eresp,hrsp_5xx,req_tot,rtime,rtime_max,\n"
        "p1,v1.web.1,no check,0,2,0,0,0,20,10,90,\n"
        "p1,v1.web.2,MAINT,0,1,0,0,0,60,30,70,\n"
        "p1,BACKEND,UP,1,3,2,1,4,100,500,9000,\n"
        "p2,BACKEND,DOWN,0,0,0,0,0,0,3,4,\n"
    )
    assert parse_counters(text) == {
        "p1": Traffic(
            in_flight=3, leaving=1, requests=100, errors_5xx=4, connection_errors=3, response_ms=25, slowest_ms=90
        ),
        "p2": Traffic(),
    }
