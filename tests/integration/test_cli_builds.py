"""`shipway builds`, against a server over loopback."""

from pathlib import Path

import pytest
from tests.support.served import Served
from tests.support.stack import DOCKERFILE, PATH
from tests.support.terminal import Terminal

SERVICE = str(PATH)
STATEMENT = {"predicateType": "https://spdx.dev/Document", "predicate": {"spdxVersion": "SPDX-2.3"}}


@pytest.fixture
def terminal(server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    opened = Terminal.open(monkeypatch, tmp_path, server)
    opened.ok("deploy", SERVICE)
    return opened


def newest(terminal: Terminal) -> int:
    number: int = terminal.shipway("builds", SERVICE, "--json").json["builds"][0]["number"]
    return number


def test_builds_are_listed_with_or_without_the_word(terminal: Terminal) -> None:
    listed = terminal.ok("builds", SERVICE)
    assert listed == terminal.ok("builds", "list", SERVICE)
    assert "pushed" in listed
    assert f"v{newest(terminal)} " in listed


def test_one_is_shown_with_what_it_stood_on(terminal: Terminal) -> None:
    number = newest(terminal)
    shown = terminal.ok("builds", "show", SERVICE, f"v{number}")
    assert "base:1  sha256:" in shown
    assert terminal.shipway("builds", "show", SERVICE, str(number), "--json").json["dockerfile"] == DOCKERFILE


def test_the_dockerfile_is_printed_as_it_is_to_be_kept(terminal: Terminal) -> None:
    assert terminal.ok("builds", "show", SERVICE, f"v{newest(terminal)}", "--dockerfile") == DOCKERFILE


def test_a_bill_of_materials_is_printed_as_spdx(terminal: Terminal, server: Served) -> None:
    number = newest(terminal)
    missing = terminal.shipway("builds", "show", SERVICE, f"v{number}", "--sbom")
    assert missing.code == 1
    assert "build_sbom" in missing.err
    server.stack.platform.registry.statements[f"{PATH.workspace}/shop/production/api:v{number}"] = [STATEMENT]  # type: ignore[attr-defined]
    assert terminal.shipway("builds", "show", SERVICE, f"v{number}", "--sbom").json == {"spdxVersion": "SPDX-2.3"}


def test_a_build_that_nobody_knows_is_said_so(terminal: Terminal) -> None:
    assert terminal.shipway("builds", "show", SERVICE, "v999").code == 1
    assert terminal.shipway("builds", "show", SERVICE, "d1").code == 2
    assert terminal.shipway("builds", "show", SERVICE).code == 2


def test_a_cache_is_emptied_without_a_question(terminal: Terminal) -> None:
    assert (
        terminal.ok("builds", "prune", "--workspace", PATH.workspace) == "Emptied the build cache of acme: 0 B freed.\n"
    )
    assert terminal.shipway("builds", "prune", "--workspace", PATH.workspace, "--json").json == {"bytes": 0}
