"""`environments` and the `delete`s as they are typed, against a server over loopback."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.served import Served
from tests.support.terminal import Terminal

HOME = "acme/envs/production"
API = f"{HOME}/api"


@pytest.fixture
def terminal(server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    it = Terminal.open(monkeypatch, tmp_path, server)
    it.ok("services", "create", API, "--git", "https://git.example.com/shop.git", "--create-parents")
    yield it
    if "acme/envs" in it.ok("projects"):
        it.ok("projects", "delete", "acme/envs", "--confirm", "acme/envs")


def test_an_environment_is_made_shown_and_changed(terminal: Terminal) -> None:
    assert (
        terminal.ok("environments", "create", "acme/envs/qa", "--branch", "dev")
        == "Created acme/envs/qa (development).\n"
    )
    assert ["acme/envs/qa", "development", "dev"] in [
        line.split() for line in terminal.ok("environments", "list", "acme/envs").splitlines()
    ]
    terminal.ok("environments", "set", "acme/envs/qa", "--kind", "staging", "--branch", "")
    shown = json.loads(terminal.ok("environments", "show", "acme/envs/qa", "--json"))
    assert (shown["kind"], shown["branch"]) == ("staging", "")
    assert API in terminal.ok("environments", "show", HOME)
    terminal.ok("environments", "set", HOME, "--memory", "300m", "--cpus", "0.5")
    assert "300m memory, 0.5 cpus" in terminal.ok("environments", "show", HOME)
    assert "300m memory, 0.5 cpus" in terminal.ok("services", "show", API)
    terminal.ok("services", "set", API, "--memory", "1g")
    assert "1g memory, 0.5 cpus" in terminal.ok("services", "show", API)
    refused = terminal.shipway("environments", "set", HOME, "--memory", "1k")
    assert refused.code == 1 and "at least 6291456 bytes" in refused.err
    terminal.ok("environments", "set", HOME, "--memory", "0", "--cpus", "0")
    assert "Limits" not in terminal.ok("environments", "show", HOME)
    assert terminal.shipway("environments", "set", "acme/envs/qa").code == 2
    assert terminal.shipway("environments", "show", API).code == 2


def test_a_clone_says_what_is_to_be_set_and_deploys_only_what_is_whole(terminal: Terminal) -> None:
    terminal.ok("secrets", "set", HOME, "KEY", typed="a-secret-value")
    terminal.ok("secrets", "bind", API, "KEY")
    done = terminal.shipway("environments", "clone", HOME, "staging", "--deploy")
    assert done.code == 1
    assert "To set: shipway secrets set acme/envs/staging KEY" in done.err and "a-secret" not in done.err + done.out
    assert json.loads(terminal.ok("services", "show", "acme/envs/staging/api", "--json"))["latest"] is None
    terminal.ok("secrets", "unbind", API, "KEY")
    terminal.ok("environments", "clone", HOME, "acme/envs/preview", "--deploy")
    assert json.loads(terminal.ok("services", "show", "acme/envs/preview/api", "--json"))["state"] == "running"
    assert terminal.shipway("environments", "clone", HOME, "acme/other/preview").code == 2


@pytest.mark.parametrize(("noun", "path"), [("services", API), ("environments", HOME), ("projects", "acme/envs")])
def test_what_goes_is_shown_before_its_name_is_typed(terminal: Terminal, noun: str, path: str) -> None:
    terminal.ok("secrets", "set", HOME, "KEY", typed="a-secret-value")
    refused = terminal.shipway(noun, "delete", path, typed="api\n")
    assert refused.code == 1 and "api-production-envs.localhost" in refused.err
    assert (f"{HOME}/KEY" in refused.err) is (noun != "services")
    unanswered = terminal.shipway(noun, "delete", path)
    assert unanswered.code == 2 and f"Type {path} to delete it" in unanswered.err
    assert f"Without a terminal, `--confirm {path}` does." in unanswered.err
    assert API in terminal.ok("services")
    assert terminal.shipway(noun, "delete", path, typed=f"{path}\n").code == 0
    assert API not in terminal.ok("services")
    assert terminal.shipway(noun, "delete", path, "--confirm", path).code == 1
    assert terminal.shipway(noun, "delete", "nonsense").code == 2
