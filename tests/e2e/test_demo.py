"""The newcomer's story: `make demo`, then the commands it names, then the one that stops it all."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from tests.support.real import remove_networks, remove_sandboxes

ROOT = Path(__file__).parents[2]
Run = Callable[..., str]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What the demo needs of a checkout; it keeps its home, and with it its name and ports, inside."""
    directory = tmp_path / "checkout"
    for name in ("scripts", "examples"):
        shutil.copytree(ROOT / name, directory / name)
    (directory / ".venv").symlink_to(sys.prefix)
    return directory


@pytest.fixture
def run(checkout: Path, tmp_path: Path) -> Iterator[Run]:
    """Run a command in a directory of the checkout; its failure fails the test with all it said."""
    environment = dict(os.environ) | {"SHIPWAY_CONFIG": str(tmp_path / "config.json")}

    def run(where: str, *command: str | Path) -> str:
        options = {"cwd": checkout / where, "env": environment, "capture_output": True, "text": True}
        done = subprocess.run(command, timeout=400, **options)  # type: ignore[call-overload]
        assert done.returncode == 0, done.stdout + done.stderr
        return str(done.stdout)

    yield run
    subprocess.run([checkout / ".venv/bin/shipway", "down", "--home", checkout / ".shipway", "--all"], env=environment)
    remove_sandboxes(installation(checkout))
    remove_networks(installation(checkout))


def test_the_demo_leads_a_newcomer_to_a_running_app_and_back(checkout: Path, run: Run) -> None:
    told = run(".", sys.executable, "scripts/demo.py").splitlines()[-4:]
    assert [line.partition(": ")[0] for line in told] == ["App", "Dashboard", "Login", "Stop"]
    app, dashboard, login, stop = (line.partition(": ")[2] for line in told)

    assert "release 2" in page(app)
    assert httpx2.get(dashboard, follow_redirects=True, trust_env=False).status_code in (200, 401)
    assert login.startswith(f"{dashboard}/login?link=")

    shipway, hello = checkout / ".venv/bin/shipway", "examples/hello"
    assert "http" in run(hello, shipway, "status")
    run(hello, shipway, "rollback")
    assert "release 1" in page(app)
    run(hello, shipway, "deploy")
    assert "release 3" in page(app)
    assert json.loads(run(hello, shipway, "status", "--json"))["service"]["state"] == "running"
    assert "GET /" in run(hello, shipway, "logs", "--tail", "5")

    run("/", *shlex.split(stop))
    assert containers(installation(checkout)) == ""


def installation(checkout: Path) -> str:
    """Its name, by which all that it leaves can be found."""
    named = re.search(r'installation = "(.*)"', (checkout / ".shipway/settings.toml").read_text())
    assert named
    return named[1]


def page(url: str) -> str:
    """What a browser would get; `*.localhost` is this machine to browsers, though not to Python."""
    host, _, port = url.removeprefix("http://").partition(":")
    answer = httpx2.get(f"http://127.0.0.1:{port}/", headers={"Host": host}, trust_env=False)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.text)


def containers(installation: str) -> str:
    """What Docker still has of an installation."""
    command = ["docker", "ps", "-aq", "--filter", f"label=shipway.installation={installation}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
