"""`registries`, and what `config` says of builds, against a server over loopback."""

import json

import pytest
from tests.support.stack import PATH
from tests.support.terminal import Terminal

SERVICE = str(PATH)


def test_what_builds_get_is_shown_beside_each_name(terminal: Terminal) -> None:
    terminal.ok("link", SERVICE)
    terminal.ok("config", "set", "--buildtime", "SITE=a")
    terminal.ok("config", "set", "PLAIN=b")
    terminal.ok("config", "set", "--build-secret", "--from-file", "-", typed="NPM_TOKEN=s3cret\n")
    terminal.ok("config", "set", "SITE=c")

    assert [line.split() for line in terminal.ok("config").splitlines()] == [
        ["NAME", "VALUE", "OF", "BUILDS"],
        ["PLAIN", "b", "service"],
        ["SITE", "c", "service", "argument"],
        ["NPM_TOKEN", "(hidden)", "service", "secret"],
    ]
    listed = json.loads(terminal.ok("config", "--json"))
    assert listed == {
        "config": {"PLAIN": "b", "SITE": "c"},
        "environment": [],
        "buildtime": ["SITE"],
        "build_secrets": ["NPM_TOKEN"],
        "warnings": [],
        "secrets": {},
    }

    terminal.ok("config", "set", "--no-buildtime", "SITE=d")
    terminal.ok("config", "unset", "NPM_TOKEN", "PLAIN")
    left = {
        "config": {"SITE": "d"},
        "environment": [],
        "buildtime": [],
        "build_secrets": [],
        "warnings": [],
        "secrets": {},
    }
    assert json.loads(terminal.ok("config", "--json")) == left


def test_an_argument_that_looks_like_a_secret_is_warned_of_without_its_value(terminal: Terminal) -> None:
    done = terminal.shipway("config", "set", SERVICE, "--buildtime", "API_TOKEN=s3cret-value-1")
    assert done.code == 0
    assert "API_TOKEN looks like a secret" in done.err and "--build-secret" in done.err
    assert "s3cret-value-1" not in done.out + done.err
    terminal.ok("config", "unset", SERVICE, "API_TOKEN")


def test_a_secret_can_t_be_an_argument_as_well(terminal: Terminal) -> None:
    done = terminal.shipway("config", "set", SERVICE, "--buildtime", "--build-secret", "A=b")
    assert done.code == 2 and "--build-secret or --buildtime" in done.err


def test_a_name_that_steers_the_builder_is_refused_with_what_to_do(terminal: Terminal) -> None:
    done = terminal.shipway("config", "set", SERVICE, "--buildtime", "HTTPS_PROXY=http://x")
    assert done.code == 1 and "build_https_proxy" in done.err


def test_a_registry_is_added_listed_and_removed(terminal: Terminal) -> None:
    added = terminal.ok(
        *("registries", "add", "https://Npm.example.com/", "--username", "ada", "--password-stdin"), typed="s3cret\r\n"
    )
    assert added == "Builds now log in to npm.example.com as ada, for images, packages.\n"
    terminal.ok("registries", "add", "pypi.example.com:8443", "--kind", "packages", "--password-stdin", typed="t0ken")

    lines = [line.split() for line in terminal.ok("registries").splitlines()]
    assert [line[:3] for line in lines[1:]] == [
        ["npm.example.com", "ada", "images,"],
        ["pypi.example.com:8443", "(token)", "packages"],
    ]
    known = json.loads(terminal.ok("registries", "list", "--workspace", "acme", "--json"))
    assert "s3cret" not in str(known) and "t0ken" not in str(known)
    terminal.ok("registries", "remove", "npm.example.com")
    terminal.ok("registries", "remove", "pypi.example.com:8443")
    done = terminal.shipway("registries", "remove", "npm.example.com")
    assert (done.code, done.err.splitlines()[0]) == (1, "error: acme has no credential for npm.example.com.")


def test_the_workspace_is_asked_for_where_there_are_several(terminal: Terminal) -> None:
    terminal.ok("workspaces", "create", "blue")
    done = terminal.shipway("registries")
    assert done.code == 2 and "--workspace: acme, blue" in done.err
    terminal.ok("link", SERVICE)
    assert terminal.shipway("registries").code == 0


@pytest.mark.parametrize(
    ("arguments", "typed", "code"),
    [
        (["a.example.com/npm"], "x", 2),
        (["a.example.com"], "", 2),
        (["a.example.com"], "two words", 1),
        (["a..b"], "x", 1),
    ],
)
def test_what_can_t_be_a_credential_is_refused(terminal: Terminal, arguments: list[str], typed: str, code: int) -> None:
    done = terminal.shipway("registries", "add", *arguments, "--workspace", "acme", "--password-stdin", typed=typed)
    assert done.code == code
    assert typed == "" or typed not in done.err or typed == "x"
