"""Releases, rollback, redeploy, retry, promotion, hold and copies, from the command line, against a server over loopback."""

from pathlib import Path

import pytest
from tests.support.served import Served, fresh_server
from tests.support.stack import DOCKERFILE, PATH, REPOSITORY
from tests.support.terminal import Terminal

SERVICE = str(PATH)
STAGING = "acme/shop/staging/api"
GIT = ("--git", REPOSITORY, "--ref", "main")
#: For each test one of its own.
server = fresh_server


@pytest.fixture
def terminal(server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """With two releases of the one service: their config differs, and today's again."""
    it = Terminal.open(monkeypatch, tmp_path, server)
    it.ok("config", "set", SERVICE, "LEVEL=info", "OLD=x")
    it.ok("deploy", SERVICE)
    server.stack.sources.add(REPOSITORY, "main", {"Dockerfile": DOCKERFILE + "# two\n"})
    it.ok("config", "set", SERVICE, "LEVEL=debug")
    it.ok("config", "unset", SERVICE, "OLD")
    it.ok("deploy", SERVICE)
    it.ok("config", "set", SERVICE, "NEW=n")
    return it


def test_releases_are_listed_shown_and_compared(terminal: Terminal) -> None:
    listed = terminal.ok("releases", SERVICE).splitlines()
    assert [line.split()[0] for line in listed[1:]] == ["v2", "v1"]
    shown = terminal.ok("releases", "show", SERVICE, "v1")
    assert "Release       v1, made" in shown
    assert "Digest        sha256:" in shown
    assert "Made live by  d1" in shown
    assert "\nConfig vars\nLEVEL  info\nOLD    x\n" in shown
    told = terminal.ok("releases", "diff", SERVICE, "v1", "2").splitlines()
    assert [line.split(":")[0] for line in told[:2]] == ["~ image", "~ commit"]
    assert told[2:] == ["~ LEVEL: info → debug", "- OLD: x"]
    assert terminal.ok("releases", "diff", SERVICE, "v2", "v2") == "v2 and v2 hold the same.\n"
    assert terminal.shipway("releases", "show", SERVICE, "v1", "--json").json["config"] == {"LEVEL": "info", "OLD": "x"}
    found = terminal.shipway("releases", "diff", SERVICE, "v1", "v2", "--json").json
    assert (found["before"], found["after"], len(found["changes"])) == (1, 2, 4)


@pytest.mark.parametrize("words", [("show", SERVICE), ("show", SERVICE, "x"), ("diff", SERVICE, "v1")])
def test_releases_that_are_not_named_are_a_usage_error(terminal: Terminal, words: tuple[str, ...]) -> None:
    assert terminal.shipway("releases", *words).code == 2


def test_a_release_that_there_is_not_is_told(terminal: Terminal) -> None:
    done = terminal.shipway("releases", "diff", SERVICE, "v1", "v9")
    assert (done.code, "has no release v9" in done.err) == (1, True)


def test_a_rollback_tells_first_what_differs_and_then_that_pushes_are_held(terminal: Terminal) -> None:
    done = terminal.shipway("rollback", SERVICE)
    assert done.code == 0, done
    assert done.err.startswith(
        "v1 keeps its own config (--config current: today's). Since then: LEVEL changed, NEW added, OLD removed.\n"
    )
    assert "Automatic deployments are held: d3 rolled back to v1, by admin." in done.err
    assert "Auto-deploy  held: d3 rolled back to v1, by admin" in terminal.ok("status", SERVICE)
    resumed = terminal.ok("auto-deploy", "resume", SERVICE)
    assert resumed == f"{SERVICE} deploys pushes of the branch that it is deployed from by itself.\n"
    assert "Auto-deploy" not in terminal.ok("status", SERVICE)
    assert "are held: held by admin." in terminal.ok("auto-deploy", "hold", SERVICE)


def test_a_rollback_takes_todays_config_when_asked_to(terminal: Terminal) -> None:
    planned = terminal.ok("plan", SERVICE, "--rollback", "--config", "current")
    assert f"Image       v1, of v1 of {SERVICE}" in planned
    assert "Since then  LEVEL changed, NEW added, OLD removed" in planned
    done = terminal.shipway("rollback", SERVICE, "--version", "1", "--config", "current")
    assert (done.code, done.err.startswith("v1 gets today's config. Since then: ")) == (0, True)
    shown = terminal.shipway("releases", "show", SERVICE, "v3", "--json").json
    assert (shown["derived_from"], shown["config"]) == (1, {"LEVEL": "debug", "NEW": "n"})
    assert f"Taken from    v1 of {SERVICE}" in terminal.ok("releases", "show", SERVICE, "v3")


def test_a_config_file_is_named_once_among_what_differs(terminal: Terminal) -> None:
    terminal.ok("files", "set", SERVICE, "app.toml", typed="a = 1\n")
    planned = terminal.ok("plan", SERVICE, "--rollback")
    since = next(line for line in planned.splitlines() if line.startswith("Since then"))
    assert " /etc/config/app.toml added" in since


def test_a_rollback_goes_on_where_no_plan_can_be_told(terminal: Terminal) -> None:
    done = terminal.shipway("rollback", SERVICE, "--version", "9")
    assert (done.code, "has no release v9" in done.err) == (1, True)


def test_what_is_live_is_redeployed_and_what_failed_is_retried(terminal: Terminal, server: Served) -> None:
    live = terminal.shipway("releases", "show", SERVICE, "v2", "--json").json["commit"]
    server.stack.sources.add(REPOSITORY, "main", {"Dockerfile": "FROM base:1\nRUN exit 3\n"})
    assert terminal.shipway("deploy", SERVICE).code == 1
    assert terminal.shipway("retry", SERVICE).code == 1
    again = terminal.shipway("deployments", SERVICE, "--json").json["deployments"][0]
    assert (again["number"], len(again["revision"]["ref"])) == (4, 40)
    terminal.ok("redeploy", SERVICE)
    shown = terminal.shipway("releases", "show", SERVICE, "v3", "--json").json
    assert (shown["commit"], shown["config"]["NEW"]) == (live, "n")
    refused = terminal.shipway("retry", SERVICE)
    assert (refused.code, "only a deployment that failed" in refused.err) == (1, True)


def test_a_release_is_promoted_to_another_environment(terminal: Terminal) -> None:
    refused = terminal.shipway("promote", SERVICE, "--to", "staging")
    assert (refused.code, f"`shipway services copy {SERVICE} {STAGING}`" in refused.err) == (1, True)
    refused = terminal.shipway("services", "copy", SERVICE, STAGING)
    assert (refused.code, "`shipway environments create acme/shop/staging`" in refused.err) == (1, True)
    terminal.ok("environments", "create", "acme/shop/staging")
    terminal.ok("services", "create", STAGING, *GIT)
    planned = terminal.ok("plan", STAGING, "--promote-from", SERVICE)
    assert f"Image      v2, of v2 of {SERVICE}" in planned
    terminal.ok("promote", SERVICE, "--to", "staging")
    shown = terminal.shipway("releases", "show", STAGING, "v1", "--json").json
    assert shown["image_from"] == {"service": SERVICE, "number": 2}
    terminal.ok("promote", SERVICE, "--to", STAGING, "--version", "v1")
    terminal.ok("config", "set", STAGING, "BUILT=other", "--buildtime")
    refused = terminal.shipway("promote", SERVICE, "--to", "staging")
    assert (refused.code, "BUILT" in refused.err, "--rebuild" in refused.err) == (1, True, True)
    terminal.ok("promote", SERVICE, "--to", "staging", "--rebuild")
    assert terminal.shipway("status", STAGING, "--json").json["service"]["live"]["action"] == "deploy"


@pytest.mark.parametrize("options", [("--version", "1"), ("--rebuild",), ("--to", "No Such")])
def test_a_promotion_that_can_not_be_meant_is_refused(terminal: Terminal, options: tuple[str, ...]) -> None:
    assert terminal.shipway("promote", SERVICE, *options).code in (1, 2)
    assert len(terminal.shipway("deployments", SERVICE, "--json").json["deployments"]) == 2


def test_a_promotion_without_a_destination_is_still_somebodys_word(terminal: Terminal) -> None:
    refused = terminal.shipway("promote", SERVICE)
    assert (refused.code, "is ready to be promoted" in refused.err) == (1, True)


def test_a_service_is_copied_and_deployed_only_when_asked(terminal: Terminal) -> None:
    terminal.ok("config", "set", SERVICE, "NPM=s3cret", "--build-secret")
    done = terminal.shipway("services", "copy", SERVICE, "acme/shop/production/second")
    assert (done.code, done.err) == (0, "To set: NPM (a secret, and not copied)\n")
    assert "Created acme/shop/production/second" in done.out
    assert terminal.shipway("services", "--json").json[1]["latest"] is None
    assert "Live: d1" in terminal.ok("services", "copy", SERVICE, "acme/shop/production/third", "--deploy")
