"""`git push` to a real Shipway on the machine's Docker: live output, a page that answers, a failing push, crashes in a push."""

import asyncio
import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.git_client import Worker
from tests.support.images import ensure_test_image
from tests.support.real import RealShipway, real_shipway

SETTINGS = {"health": {"timeout": 30}, "drain_timeout": 1, "stop_grace": 1, "keep_warm": 0}


@pytest.fixture(scope="module")
def shipway() -> Iterator[RealShipway]:
    with real_shipway() as made:
        yield made


class App:
    """A service that is pushed to, and the repository of its app: a page that says which version it is."""

    def __init__(self, shipway: RealShipway, name: str, directory: Path, **source: object) -> None:
        self.shipway, self.name = shipway, name
        self.host = shipway.create(name, {"source": {"kind": "push", **source}, "settings": SETTINGS})
        url = f"http://x:{shipway.token}@127.0.0.1:{shipway.port}/git/t/t/production/{name}.git"
        self.worker = Worker.at(directory / name, url)

    def version(self, number: int, run: str = "true") -> str:
        """Commit one; returns the commit."""
        image = asyncio.run(ensure_test_image())
        page = f"RUN {run} && echo {number} >/www/index.html"
        serve = "CMD httpd -f -p 8080 -h /www"
        return self.worker.commit(f"Version {number}", Dockerfile=f"FROM {image}\nEXPOSE 8080\n{page}\n{serve}\n")

    def pushing(self) -> subprocess.Popen[str]:
        """A push under way, to be read from."""
        command = ["git", "push", self.worker.url, "main"]
        return subprocess.Popen(command, cwd=self.worker.path, stderr=subprocess.PIPE, text=True, errors="replace")

    def deployments(self) -> list[dict[str, object]]:
        """Newest first."""
        url = f"/workspaces/t/projects/t/environments/production/services/{self.name}/deployments"
        return list(self.shipway.api.get(url).json()["deployments"])

    def says(self, number: int) -> bool:
        """Whether that version answers."""
        return self.shipway.get(self.host).text.strip() == str(number)

    def comes_to_say(self, number: int) -> None:
        """Wait until that version answers."""
        deadline = time.monotonic() + 120
        while not self.says(number):
            assert time.monotonic() < deadline, self.deployments()[:2]
            time.sleep(0.2)


def test_pushes_go_live_and_show_it_as_it_happens_and_a_failing_one_changes_nothing(
    shipway: RealShipway, tmp_path: Path
) -> None:
    app = App(shipway, "pushed", tmp_path, fail_push=True)
    first = app.version(1)
    under_way: object = None
    with app.pushing() as git:
        assert git.stderr
        lines = []
        for line in git.stderr:
            lines.append(line)
            if "-----> Building v1" in line:
                under_way = app.deployments()[0]["state"]
    told = "".join(lines)
    assert git.returncode == 0, told
    assert under_way == "running", told
    assert f"-----> main · {first[:12]} · Version 1" in told
    assert "-----> Live: d1 (v1) at http://" in told
    assert app.says(1)

    app.version(2)
    second = app.worker.push()
    assert second.code == 0, second.text
    assert app.says(2)

    app.version(3, run="exit 3")
    third = app.worker.push()
    assert third.code == 1
    assert "! [remote rejected] main -> main (d3 failed)" in third.text
    assert app.says(2)


def test_killed_while_it_receives_a_push_it_takes_the_next_one(shipway: RealShipway, tmp_path: Path) -> None:
    app = App(shipway, "cut", tmp_path)
    (app.worker.path / "data").write_bytes(random.Random(1).randbytes(60 * 1024**2))
    app.version(1)
    with app.pushing() as git:
        assert git.stderr
        while not list(shipway.home.glob("repositories/*.git/objects/tmp_objdir-incoming-*")) and git.poll() is None:
            time.sleep(0.001)
        shipway.kill()
        git.stderr.read()
    assert git.returncode != 0
    shipway.start()
    # Either nothing of it is left, or all of it, and then it is deployed without anybody pushing again.
    told = app.worker.push()
    assert told.code == 0, told.text
    app.comes_to_say(1)


def test_killed_while_it_deploys_a_push_it_goes_on_with_it(shipway: RealShipway, tmp_path: Path) -> None:
    app = App(shipway, "killed", tmp_path)
    app.version(1, run="sleep 2")
    with app.pushing() as git:
        assert git.stderr
        for line in git.stderr:
            if "-----> Building v1" in line:
                shipway.kill()
                break
        git.stderr.read()
    assert git.returncode != 0
    shipway.start()
    app.comes_to_say(1)
    assert "Everything up-to-date" in app.worker.push().text
    assert len(app.deployments()) == 1
