"""`apply`, `export` and `docs` as they are typed, against a server over loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.served import Served
from tests.support.stack import PATH, REPOSITORY
from tests.support.terminal import Terminal

HOME = "acme/shop/qa"
FILE = """
[config]
REGION = "eu"

[services.web]
source = { kind = "image", reference = "registry.test/web:1" }
[services.web.health]
path = "/up"
[services.web.files]
"site.conf" = { path = "deploy/site.conf" }
"""


@pytest.fixture
def terminal(server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    it = Terminal.open(monkeypatch, tmp_path, server)
    (it.directory / "deploy").mkdir()
    (it.directory / "deploy" / "site.conf").write_text("server {}\n")
    (it.directory / "shipway.toml").write_text(FILE)
    yield it


def test_a_file_is_planned_applied_exported_and_then_there_is_nothing_to_change(terminal: Terminal) -> None:
    planned = terminal.ok("apply", "--environment", HOME, "--plan")
    assert planned.splitlines() == [
        f"{HOME} will be created, with",
        "  config.REGION  eu",
        f"{HOME}/web will be created, with",
        "  source  image registry.test/web:1",
        "  health.path  /up",
        '  files."site.conf"  10 bytes, 355da02c',
    ]
    refused = terminal.shipway("apply", "--environment", HOME)
    assert refused.code == 2 and "--yes" in refused.err

    done = terminal.shipway("apply", "--environment", HOME, "--deploy", "--yes")

    assert done.code == 0, done.err
    assert "nothing to change" in terminal.ok("apply", "--environment", HOME)
    (terminal.directory / "there.toml").write_text(terminal.ok("export", HOME))
    assert "server {}" in (terminal.directory / "there.toml").read_text()
    assert terminal.shipway("apply", "there.toml", "--environment", HOME, "--json").json["changed"] is False


def test_an_environment_is_that_of_the_linked_service_and_what_is_not_in_the_file_is_told(terminal: Terminal) -> None:
    terminal.ok("link", str(PATH))
    (terminal.directory / "shipway.toml").write_text(
        f'[services.{PATH.service}]\nsource = {{ kind = "git", url = "{REPOSITORY}", ref = "main" }}\nport = 3000\n'
    )

    planned = terminal.ok("apply", "--plan")

    assert f"{PATH} will change:\n  ~ port  0 → 3000" in planned
    assert "not in the file, and kept: keep_warm" in planned


def test_mistakes_name_the_file_and_the_line(terminal: Terminal) -> None:
    (terminal.directory / "wrong.toml").write_text('[services.web.health]\npaht = "/up"\n')

    refused = terminal.shipway("apply", "wrong.toml", "--environment", HOME, "--plan")

    assert refused.code == 1
    assert "wrong.toml:2: services.web.health.paht" in refused.err and "Did you mean path?" in refused.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere.toml"], "nowhere.toml"),
        ([], "deploy/site.conf"),
    ],
)
def test_a_file_that_is_not_there_is_named(terminal: Terminal, words: list[str], told: str) -> None:
    (terminal.directory / "deploy" / "site.conf").unlink()

    refused = terminal.shipway("apply", *words, "--environment", HOME, "--plan")

    assert refused.code == 1 and told in refused.err and "There is no file" in refused.err


def test_docs_print_the_reference_a_key_of_it_and_the_schema(terminal: Terminal) -> None:
    assert "[services.api.health]" in terminal.ok("docs")
    assert terminal.ok("docs", "port").endswith("port = 8080\n")
    assert terminal.shipway("docs", "--schema").json["title"] == "shipway.toml"
