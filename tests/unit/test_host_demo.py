"""The demo's own settings: chosen once, clashing with nothing."""

import tomllib
from pathlib import Path

import pytest
from scripts import demo

from shipway.settings import Settings


def test_a_quiet_machine_gets_the_usual_ports() -> None:
    assert demo.choose_ports(lambda _: True) == {"listen_port": 7700, "registry_port": 7701, "proxy_port": 8080}


def test_a_taken_port_gives_way_to_the_next_free_one_that_nobody_else_gets() -> None:
    taken = {7700, 7702, 8080}
    assert demo.choose_ports(lambda port: port not in taken) == {
        "listen_port": 7703,
        "registry_port": 7701,
        "proxy_port": 8081,
    }


def test_two_checkouts_beside_each_other_share_no_port() -> None:
    first = set(demo.choose_ports(lambda _: True).values())
    second = set(demo.choose_ports(lambda port: port not in first).values())
    assert first.isdisjoint(second)
    assert len(second) == 3


def test_the_server_can_read_what_was_chosen(tmp_path: Path) -> None:
    demo.settle(tmp_path, lambda _: True)
    settings = Settings.load(tmp_path, environment={})
    assert (settings.listen_port, settings.proxy_host) == (7700, "127.0.0.1")
    assert settings.installation == demo.installation(tmp_path)


def test_the_choice_is_made_once(tmp_path: Path) -> None:
    demo.settle(tmp_path, lambda _: True)
    demo.settle(tmp_path, lambda port: port > 9000)
    assert tomllib.loads((tmp_path / "settings.toml").read_text())["listen_port"] == 7700


def test_two_checkouts_have_names_of_their_own_on_the_engine(tmp_path: Path) -> None:
    names = {demo.installation(tmp_path / "one"), demo.installation(tmp_path / "two")}
    assert len(names) == 2
    assert all(name.startswith("demo-") and len(name) == 11 for name in names)


def test_it_ends_with_the_four_lines_a_newcomer_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "HOME", tmp_path / "home")
    monkeypatch.setattr(demo, "SHIPWAY", command_line(tmp_path))
    demo.main()
    assert capfd.readouterr().out.splitlines()[-4:] == [
        "App: http://app.test",
        "Dashboard: http://dashboard.test",
        "Login: http://dashboard.test/login/once",
        f"Stop: {tmp_path}/shipway down --home {tmp_path}/home --all",
    ]


def test_a_failing_deploy_ends_the_demo_with_its_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "HOME", tmp_path / "home")
    monkeypatch.setattr(demo, "SHIPWAY", command_line(tmp_path, deploy="exit 75"))
    with pytest.raises(SystemExit) as caught:
        demo.main()
    assert caught.value.code == 75


def command_line(directory: Path, deploy: str = "echo live") -> Path:
    """A shipway command that answers as the real one does."""
    answer = '{"url": "http://dashboard.test", "login": "http://dashboard.test/login/once", "home": "", "pid": 1}'
    command = directory / "shipway"
    command.write_text(
        "#!/bin/sh\n"
        'case "$1" in\n'
        f"  up) echo '{answer}' ;;\n"
        "  status) exit 1 ;;\n"
        f"  deploy) {deploy} ;;\n"
        "  open) echo http://app.test ;;\n"
        "esac\n"
    )
    command.chmod(0o755)
    return command
