"""`shipway git remote` and the credential helper: git pushes without a token in its configuration, its arguments or its URL."""

import os
import sys
from pathlib import Path

import pytest
from tests.support.git_client import Worker
from tests.support.served import Served
from tests.support.stack import DOCKERFILE, PATH
from tests.support.terminal import Terminal

PUSHED = "acme/shop/production/site"


@pytest.fixture
def here(terminal: Terminal) -> Worker:
    """A repository where commands are typed."""
    binaries = Path(sys.executable).parent
    return Worker(
        terminal.directory,
        "",
        {"PATH": f"{binaries}:{os.environ['PATH']}", "SHIPWAY_CONFIG": os.environ["SHIPWAY_CONFIG"]},
    )


def test_a_repository_gets_a_remote_and_git_asks_for_the_token(
    server: Served, terminal: Terminal, here: Worker
) -> None:
    out = terminal.ok("services", "create", PUSHED, "--push", "--fail-push")
    assert f"`shipway git remote {PUSHED}`" in out
    here.git("init", "--quiet", "--initial-branch=main")
    here.commit(Dockerfile=DOCKERFILE)

    out = terminal.ok("git", "remote", PUSHED)
    terminal.ok("git", "remote", PUSHED)

    assert out == f"The remote shipway leads to {PUSHED}. Deploy: git push shipway main\n"
    assert server.token not in (here.path / ".git" / "config").read_text()
    assert here.git("remote", "get-url", "shipway") == f"{server.url}/git/{PUSHED}.git"
    told = here.try_git("push", "shipway", "main")
    assert (told.code, "Live: d1" in told.text) == (0, True), told.text
    assert terminal.shipway("services", "show", PUSHED, "--json").json["source"] == {
        "kind": "push",
        "branch": "",
        "subdirectory": "",
        "follow": True,
        "fail_push": True,
    }


def test_a_service_of_another_source_gets_no_remote(terminal: Terminal, here: Worker) -> None:
    here.git("init", "--quiet")
    done = terminal.shipway("git", "remote", str(PATH))
    assert done.code == 1
    assert "is deployed from git, not from pushes to Shipway" in done.err
    assert here.git("remote") == ""


def test_outside_of_a_repository_it_says_so(terminal: Terminal) -> None:
    terminal.shipway("services", "create", "acme/shop/production/other", "--push")
    done = terminal.shipway("git", "remote", "acme/shop/production/other")
    assert (done.code, "not a git repository" in done.err) == (1, True)


@pytest.mark.parametrize(("host", "told"), [("{host}", True), ("evil.example.com", False)])
def test_the_token_is_told_for_its_own_server_only(
    server: Served, terminal: Terminal, *, host: str, told: bool
) -> None:
    own = server.url.partition("://")[2]
    asked = f"protocol=http\nhost={host.format(host=own)}\n\n"
    assert (server.token in terminal.ok("git-credential", "get", typed=asked)) is told
    assert terminal.ok("git-credential", "store", typed=f"{asked}password=x\n") == ""


def test_options_of_pushes_belong_to_pushes(terminal: Terminal) -> None:
    assert terminal.shipway("services", "create", "acme/shop/production/x", "--fail-push").code == 2
    assert terminal.shipway("services", "create", "acme/shop/production/x", "--push", "--image", "a").code == 2
    assert terminal.shipway("services", "set", str(PATH), "--branch", "b").code == 2


def test_an_environment_file_makes_and_tells_of_it(terminal: Terminal) -> None:
    text = '[services.filed]\nsource = { kind = "push", branch = "live", follow = false }\n'
    (terminal.directory / "shipway.toml").write_text(text)
    done = terminal.shipway("apply", "--environment", "acme/shop/production", "--deploy", "--yes")
    assert done.code == 0, done
    assert "Nothing was sent to filed yet" in done.err
    assert 'source = { kind = "push", branch = "live", follow = false }' in terminal.ok(
        "export", "acme/shop/production"
    )
