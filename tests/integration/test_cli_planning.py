"""`plan`, `promote` and what waits for it, from the command line, against a server over loopback."""

import threading
import time
from pathlib import Path

import pytest
from tests.support.served import Served, fresh_server
from tests.support.stack import DOCKERFILE, PATH, REPOSITORY
from tests.support.terminal import Terminal

from shipway.client.client import Client
from shipway.domain.capacity import Capacity

SERVICE = str(PATH)
MANUAL = ("--strategy", "bluegreen", "--promote", "manual")
#: For each test one of its own.
server = fresh_server


@pytest.fixture
def terminal(server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    it = Terminal.open(monkeypatch, tmp_path, server)
    it.ok("deploy", SERVICE)
    return it


@pytest.fixture
def ready(terminal: Terminal) -> str:
    """What the terminal printed about a deployment that got ready."""
    terminal.ok("services", "set", SERVICE, *MANUAL)
    return terminal.ok("deploy", SERVICE)


class TestPlan:
    def test_it_says_what_and_how_first_then_what_changes_then_each_move(
        self, terminal: Terminal, server: Served
    ) -> None:
        terminal.ok("scale", SERVICE, "web=2")
        assert terminal.ok("plan", SERVICE).splitlines() == [
            "v2 instead of v1: rolling, overlap, no interruption",
            "",
            "Image      a new build",
            "Processes  web 2",
            "Needed     1g memory, 2 cpus",
            "Free       63g memory, 198 cpus",
            "",
            "1. start 2 web of v2 (d3)",
            "2. send the requests to v2",
            "3. drain and stop 2 web of v1 (d2)",
        ]
        assert len(terminal.shipway("deployments", SERVICE, "--json").json["deployments"]) == 2

    def test_it_says_why_something_stops_first_and_what_a_service_waits_for(self, terminal: Terminal) -> None:
        terminal.ok("services", "set", SERVICE, "--strategy", "recreate")
        lines = terminal.ok("plan", SERVICE).splitlines()
        assert lines[:2] == [
            "v2 instead of v1: recreate, stop-first, web interrupted",
            "because the strategy is recreate",
        ]
        assert "1. stop 1 web of v1 (d1), to come back should this fail" in lines
        terminal.ok("services", "set", SERVICE, *MANUAL)
        assert "2. wait for `shipway promote`" in terminal.ok("plan", SERVICE)
        terminal.ok("services", "set", SERVICE, "--strategy", "canary")
        assert "2. send it some of the requests, step by step" in terminal.ok("plan", SERVICE)

    def test_a_canary_that_has_nothing_to_be_compared_with_is_not_told_of(
        self, terminal: Terminal, server: Served
    ) -> None:
        terminal.ok("services", "set", SERVICE, "--strategy", "canary")
        terminal.ok("scale", SERVICE, "web=0")
        assert "step by step" not in terminal.ok("plan", SERVICE)
        terminal.ok("scale", SERVICE, "web=1")
        server.stack.engine.machine = Capacity(memory=700 * 2**20, cpus=4)
        told = terminal.ok("plan", SERVICE)
        assert "stop-first" in told
        assert "step by step" not in told

    def test_where_more_was_given_away_than_there_is_nothing_is_free(self, terminal: Terminal, server: Served) -> None:
        terminal.ok("scale", SERVICE, "web=12")
        server.stack.engine.machine = Capacity(memory=2**32, cpus=4)
        assert "Free       0 memory, 188 cpus\n" in terminal.ok("plan", SERVICE, "--scale", "web=2")

    def test_a_rollback_a_restart_and_a_scaling_have_plans_too(self, terminal: Terminal, server: Served) -> None:
        files = {"Dockerfile": DOCKERFILE, "Procfile": "web: app\nrelease: migrate\n"}
        server.stack.sources.add(REPOSITORY, "main", files)
        terminal.ok("deploy", SERVICE)
        back = terminal.ok("plan", SERVICE, "--rollback")
        assert "v1 instead of v2" in back
        assert "warning: The release command of v2 has run since" in back
        assert terminal.ok("plan", SERVICE, "--rollback", "--version", "1") == back
        assert "v2 instead of v2" in terminal.ok("plan", SERVICE, "--restart")
        more = terminal.ok("plan", SERVICE, "--scale", "web=6")
        assert "Processes  web 1 → 6" in more
        assert "start 6 web of v2 (d3), 4 at a time" in more

    def test_json_is_what_the_api_says(self, terminal: Terminal, server: Served) -> None:
        printed = terminal.shipway("plan", SERVICE, "--restart", "--json").json
        with Client(server.url, server.token) as client:
            assert printed == client.plan(SERVICE, "restart")

    def test_what_is_not_live_is_scaled_by_the_next_deployment(self, terminal: Terminal) -> None:
        terminal.ok("services", "create", "acme/shop/production/new")
        told = terminal.ok("plan", "acme/shop/production/new", "--scale", "web=2")
        assert told == "Nothing is live; the next deployment starts as many.\n"

    @pytest.mark.parametrize(
        "options",
        [
            ("--rollback", "--restart"),
            ("--version", "1"),
            ("web=2",),
            ("--scale",),
            ("--scale", "web=many"),
        ],
    )
    def test_options_that_contradict_each_other_are_a_usage_error(
        self, terminal: Terminal, options: tuple[str, ...]
    ) -> None:
        done = terminal.shipway("plan", SERVICE, *options)
        assert done.code == 2
        assert done.err.startswith("error: ")

    def test_an_interruption_is_refused_where_none_is_allowed(self, terminal: Terminal) -> None:
        terminal.ok("services", "set", SERVICE, "--strategy", "recreate")
        told = "This deployment would interrupt web: the strategy is recreate."
        for command in (("plan", SERVICE), ("deploy", SERVICE), ("services", "deploy", SERVICE)):
            refused = terminal.shipway(*command, "--require-zero-downtime")
            assert refused.code == 1, command
            assert f"error: {told}" in refused.err, command
        assert "web: 1 running" in terminal.ok("status", SERVICE)
        assert "Release    v1 by d1" in terminal.ok("status", SERVICE)

    def test_a_rollback_is_refused_too(self, terminal: Terminal) -> None:
        terminal.ok("services", "set", SERVICE, "--strategy", "recreate")
        for _ in range(2):
            terminal.ok("deploy", SERVICE)
        refused = terminal.shipway("rollback", SERVICE, "--require-zero-downtime")
        assert refused.code == 1
        assert "would interrupt web" in refused.err


class TestPromote:
    def test_a_deploy_ends_well_when_it_is_ready_and_says_what_next(self, terminal: Terminal, ready: str) -> None:
        assert "Ready: d2 of acme/shop/production/api (v2)\n" in ready
        assert "Release    v1 by d1" in terminal.ok("status", SERVICE)

    def test_status_says_that_it_is_ready_and_what_next(self, terminal: Terminal, ready: str) -> None:
        told = terminal.ok("status", SERVICE)
        identifier = terminal.shipway("status", SERVICE, "--json").json["pipeline"]["deployment"]["id"]
        assert "\nd2: Ready, deploy just now" in told
        assert f"hint: `shipway promote {SERVICE}` sends it the traffic; `shipway cancel {identifier}` throws" in told
        assert "Plan  v2 instead of v1: bluegreen, overlap, no interruption, waits for a promotion" in told
        assert terminal.shipway("status", SERVICE, "--json").json["pipeline"]["update_status"] == "Ready"

    def test_it_is_promoted_and_followed_until_it_is_live(self, terminal: Terminal, ready: str) -> None:
        assert "Live: d2 of acme/shop/production/api (v2)" in terminal.ok("promote", SERVICE)
        assert "Release    v2 by d2" in terminal.ok("status", SERVICE)

    def test_unfollowed_it_is_promoted_all_the_same(self, terminal: Terminal, ready: str) -> None:
        assert terminal.ok("promote", SERVICE, "--no-follow").startswith("Promoted d2 of acme/shop/production/api (")
        until(terminal, "live")

    def test_a_restart_that_waits_behind_it_is_not_what_is_promoted(self, terminal: Terminal, ready: str) -> None:
        terminal.ok("restart", SERVICE, "--no-follow")
        assert "Live: d2" in terminal.ok("promote", SERVICE)

    def test_where_nothing_is_ready_it_says_what_is_and_how_one_gets_there(self, terminal: Terminal) -> None:
        done = terminal.shipway("promote", SERVICE)
        assert done.code == 1
        assert done.err.splitlines() == [
            "error: Nothing of acme/shop/production/api is ready to be promoted: d1 is live.",
            "hint: Deployments get ready, and wait, with `shipway services set PATH --strategy bluegreen --promote manual`.",
        ]

    def test_told_to_wait_a_deploy_is_followed_until_somebody_promotes_it(
        self, terminal: Terminal, server: Served
    ) -> None:
        terminal.ok("services", "set", SERVICE, *MANUAL)
        somebody = threading.Thread(target=promote_when_ready, args=(server,))
        somebody.start()
        done = terminal.shipway("deploy", SERVICE, "--wait")
        somebody.join()
        assert done.code == 0, done
        assert "==> promotion: complete in " in done.out
        assert "Live: d2" in done.out

    def test_json_of_what_got_ready_says_so(self, terminal: Terminal) -> None:
        terminal.ok("services", "set", SERVICE, *MANUAL)
        done = terminal.shipway("deploy", SERVICE, "--json")
        assert (done.code, done.json["state"], done.json["plan"]["waits"]) == (0, "ready", True)


def until(terminal: Terminal, state: str) -> None:
    """Wait for the newest deployment to be so."""
    while terminal.shipway("status", SERVICE, "--json").json["pipeline"]["deployment"]["state"] != state:
        time.sleep(0.01)


def promote_when_ready(server: Served) -> None:
    with Client(server.url, server.token) as client:
        while True:
            known = client.status(SERVICE)["deployment"]
            if known["state"] == "ready":
                client.promote(known["id"])
                return
            time.sleep(0.01)
