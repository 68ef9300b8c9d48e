"""`shipway up` and `down`, on the real thing: its own home, ports and name."""

import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.real import free_port
from tests.support.terminal import Terminal

from shipway.cli.installation import Installation
from shipway.client import config


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return Terminal.open(monkeypatch, tmp_path)


@pytest.fixture
def home(tmp_path: Path, terminal: Terminal) -> Iterator[Path]:
    """Where an installation will be; whatever of it runs is stopped."""
    path = tmp_path / "home"
    yield path
    if (path / "shipway.db").exists():
        terminal.ok("down", "--home", str(path), "--all")


def ports() -> list[str]:
    """Options that clash with nobody."""
    pairs = [(name, str(free_port())) for name in ("--port", "--proxy-port", "--registry-port")]
    return [word for pair in pairs for word in pair] + ["--installation", f"t{secrets.token_hex(3)}"]


def test_up_starts_a_server_logs_in_and_is_safe_to_repeat(terminal: Terminal, home: Path) -> None:
    first = terminal.apart("up", "--home", str(home), *ports(), "--json")
    assert first.code == 0, first
    url = first.json["url"]

    assert first.json["started"]
    assert first.json["login"].startswith(f"{url}/login?link=")
    assert config.load().default == url
    assert terminal.ok("workspaces", "--json") == "[]\n"
    token = config.load().tokens[url]
    again = terminal.apart("up", "--home", str(home), "--json")
    assert not again.json["started"]
    assert again.json["login"] != first.json["login"]
    assert config.load().tokens[url] == token

    assert "The server is stopped." in terminal.ok("down", "--home", str(home))
    assert Installation.at(home).holder() is None
    assert terminal.shipway("workspaces").code == 75
    assert terminal.ok("down", "--home", str(home)) == "No server runs.\n"


def test_a_port_that_is_taken_is_told_before_anything_is_started(terminal: Terminal, home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        done = terminal.shipway("up", "--home", str(home), "--port", str(other.getsockname()[1]))

    assert done.code == 1
    assert done.err.splitlines()[1] == "hint: Choose another port: `shipway up --port N`."
    assert [path.name for path in home.iterdir()] == ["settings.toml"]


def test_a_server_that_can_not_start_shows_why(terminal: Terminal, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHIPWAY_DOCKER_HOST", "unix:///nonexistent/docker.sock")

    done = terminal.apart("up", "--home", str(home), *ports())

    assert done.code == 75
    assert done.err.startswith("error: The server ended as soon as it was started; it said:\n       ")
    assert "/nonexistent/docker.sock" in done.err
    assert "\nhint: " in done.err
    monkeypatch.delenv("SHIPWAY_DOCKER_HOST")


def test_settings_that_make_no_sense_are_told_by_name(terminal: Terminal, home: Path) -> None:
    home.mkdir()
    (home / "settings.toml").write_text("listen_prot = 1\n")

    done = terminal.apart("up", "--home", str(home))

    assert done.code == 1
    assert "'listen_prot', which is no setting" in done.err
