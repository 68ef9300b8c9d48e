"""A file applied to a real Shipway: two services run as it says, a change of it is planned, made and written down."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.images import ensure_test_image
from tests.support.real import RealShipway, real_shipway
from tests.support.terminal import Terminal

pytestmark = pytest.mark.heavy

HOME = "t/shop/production"
FILE = """
[config]
REGION = "eu"

[services.front]
source = {{ kind = "image", reference = "{image}" }}
keep_warm = 0
[services.front.processes.web]
command = "sh -c 'mkdir -p /tmp/w; echo $REGION >/tmp/w/region; exec httpd -f -p 8080 -h /tmp/w'"
[services.front.health]
type = "tcp"
timeout = 30

[services.back]
source = {{ kind = "image", reference = "{image}" }}
keep_warm = 0
[services.back.processes.web]
command = "sh -c 'date >>/data/starts; exec httpd -f -p 8080 -h /etc/config'"
[services.back.health]
type = "tcp"
timeout = 30
[services.back.volumes.data]
path = "/data"
[services.back.files]
"motd" = {{ path = "motd.txt" }}
"""


@pytest.fixture(scope="module")
def shipway() -> Iterator[RealShipway]:
    with real_shipway() as made:
        yield made


@pytest.fixture
def terminal(shipway: RealShipway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    it = Terminal.open(monkeypatch, tmp_path)
    monkeypatch.setenv("SHIPWAY_SERVER", f"http://127.0.0.1:{shipway.port}")
    monkeypatch.setenv("SHIPWAY_TOKEN", shipway.token)
    (it.directory / "motd.txt").write_text("one\n")
    (it.directory / "shipway.toml").write_text(FILE.format(image=asyncio.run(ensure_test_image())))
    return it


def deployments(shipway: RealShipway, name: str) -> int:
    base = "/workspaces/t/projects/shop/environments/production/services"
    return len(shipway.api.get(f"{base}/{name}/deployments").json()["deployments"])


def test_two_services_run_as_the_file_says_and_follow_a_change_of_it(shipway: RealShipway, terminal: Terminal) -> None:
    done = terminal.shipway("apply", "--environment", HOME, "--deploy", "--yes")

    assert done.code == 0, done
    assert shipway.get("front-production-shop.localhost", "/region").text == "eu\n"
    assert shipway.get("back-production-shop.localhost", "/motd").text == "one\n"
    file = terminal.directory / "shipway.toml"
    (terminal.directory / "motd.txt").write_text("two\n")
    planned = terminal.ok("apply", "--environment", HOME, "--plan")
    assert [line.split()[:2] for line in planned.splitlines()] == [
        [f"{HOME}/front", "stays"],
        [f"{HOME}/back", "will"],
        ["~", "files.motd"],
    ]

    changed = terminal.shipway("apply", "--environment", HOME, "--deploy", "--yes")

    assert changed.code == 0, changed
    assert shipway.get("back-production-shop.localhost", "/motd").text == "two\n"
    assert (deployments(shipway, "front"), deployments(shipway, "back")) == (1, 2)
    file.write_text(terminal.ok("export", HOME))
    assert "nothing to change" in terminal.ok("apply", "--environment", HOME)
    assert "nothing to change" in terminal.ok("apply", "--environment", HOME, "--prune-missing", "--plan")
