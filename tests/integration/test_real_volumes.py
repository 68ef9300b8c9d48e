"""Volumes on real parts: what is in them survives whatever happens to the instance, and no two ever have the same one."""

import asyncio
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.docker import kill_app
from tests.support.git import GitRepository
from tests.support.images import ensure_test_image
from tests.support.real import RealShipway, real_shipway

pytestmark = pytest.mark.heavy

BASE = "/workspaces/t/projects/t/environments/production/services"
#: Says in its volume that it has it, again and again looks whether another has said so since, and leaves word of that.
APP = (
    "echo $SHIPWAY_INSTANCE >/data/owner; httpd -p 8080 -h /www; while sleep 0.05; do "
    '[ "$(cat /data/owner)" = "$SHIPWAY_INSTANCE" ] || echo $SHIPWAY_INSTANCE >>/data/conflicts; done'
)
SETTINGS = {"health": {"timeout": 20}, "drain_timeout": 1, "stop_grace": 2, "keep_warm": 5}


@pytest.fixture(scope="module")
def shipway() -> Iterator[RealShipway]:
    with real_shipway() as made:
        yield made


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    made = GitRepository.create(tmp_path / "repository")
    made.commit({"Dockerfile": dockerfile(1)})
    return made


def dockerfile(version: int) -> str:
    """Of an app that is not root, and has no directory where its volume will be."""
    image = asyncio.run(ensure_test_image())
    run = f"RUN echo {version} >/www/version"
    return f"FROM {image}\nEXPOSE 8080\n{run}\nUSER app\nCMD {APP}\n"


def live(shipway: RealShipway, name: str, repository: GitRepository, scale: int = 1) -> None:
    """A service with a volume, and so many instances."""
    shipway.create(name, {"source": {"kind": "git", "url": str(repository.path)}, "settings": SETTINGS})
    answer = shipway.api.put(f"{BASE}/{name}/volumes", json={"name": "data", "path": "/data"})
    assert answer.status_code == 200, answer.text
    assert shipway.api.put(f"{BASE}/{name}/scale", json={"web": scale}).status_code == 200
    deploy(shipway, name)


def deploy(shipway: RealShipway, name: str) -> None:
    ended = shipway.wait(shipway.pipeline("deploy", name))
    assert ended["state"] == "live", ended["failure"]


def scale(shipway: RealShipway, name: str, count: int, query: str = "") -> None:
    answer = shipway.api.put(f"{BASE}/{name}/scale{query}", json={"web": count})
    assert answer.status_code == 202, answer.text
    made = answer.json()["deployment"]["id"]
    assert shipway.wait(made)["state"] == "live"
    finished(shipway, made)


def finished(shipway: RealShipway, deployment_id: str) -> None:
    """Also what comes after it is live."""
    deadline = time.monotonic() + 60
    while not shipway.deployment(deployment_id)["finished_at"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def running(shipway: RealShipway, name: str) -> dict[int, str]:
    """Containers by ordinal."""
    wanted = f"name=^/{shipway.installation}.t.t.production.{name}\\."
    command = ["docker", "ps", "--filter", wanted, "--format", "{{.Names}}"]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return {int(each.rpartition(".")[2]): each for each in names}


def inside(container: str, command: str) -> str:
    done = subprocess.run(["docker", "exec", container, "sh", "-c", command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def write(shipway: RealShipway, name: str) -> None:
    """Its own number in each instance's volume."""
    for ordinal, container in running(shipway, name).items():
        inside(container, f"echo {ordinal} >/data/text")


def texts(shipway: RealShipway, name: str) -> dict[int, str]:
    return {
        ordinal: inside(each, "cat /data/text 2>/dev/null || echo none")
        for ordinal, each in running(shipway, name).items()
    }


def conflicts(shipway: RealShipway, name: str) -> str:
    (first, *_) = running(shipway, name).values()
    return inside(first, "cat /data/conflicts 2>/dev/null || true")


def test_data_survives_whatever_happens_to_the_instance(shipway: RealShipway, repository: GitRepository) -> None:
    live(shipway, "kept", repository)
    write(shipway, "kept")
    repository.commit({"Dockerfile": dockerfile(2)})
    deploy(shipway, "kept")
    assert texts(shipway, "kept") == {1: "1"}, "after a deploy"
    assert shipway.wait(shipway.pipeline("rollback", "kept"))["state"] == "live"
    assert texts(shipway, "kept") == {1: "1"}, "after a rollback"

    (container,) = running(shipway, "kept").values()
    before = started(container)
    asyncio.run(kill_app(container))
    until_started_again(container, before)
    assert texts(shipway, "kept") == {1: "1"}, "after a crash"

    subprocess.run(["docker", "rm", "-f", container], check=True, capture_output=True)
    shipway.kill()
    shipway.start()
    until_running(shipway, "kept")
    assert texts(shipway, "kept") == {1: "1"}, "after the container and Shipway had gone"
    assert conflicts(shipway, "kept") == ""


def test_killed_at_any_moment_of_a_deployment_no_two_have_the_volume(
    shipway: RealShipway, repository: GitRepository
) -> None:
    live(shipway, "killed", repository)
    write(shipway, "killed")
    for attempt, step in enumerate(("release", "deploy", "health", "finalize")):
        repository.commit({"Dockerfile": dockerfile(10 + attempt)})
        made = shipway.pipeline("deploy", "killed")
        reached(shipway, made, step)
        shipway.kill()
        shipway.start()
        assert shipway.wait(made)["state"] == "live"
        finished(shipway, made)
        assert texts(shipway, "killed") == {1: "1"}, f"killed in {step}"
        assert conflicts(shipway, "killed") == "", f"killed in {step}"


def test_each_ordinal_gets_its_own_data_back(shipway: RealShipway, repository: GitRepository) -> None:
    live(shipway, "scaled", repository, scale=3)
    write(shipway, "scaled")
    refused = shipway.api.put(f"{BASE}/scaled/scale", json={"web": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "would-bin")
    scale(shipway, "scaled", 1, "?bins=true")
    assert texts(shipway, "scaled") == {1: "1"}
    listed = shipway.api.get(f"{BASE}/scaled/volumes").json()["volumes"]
    assert [(each["ordinal"], each["state"]) for each in listed] == [(1, "in-use"), (2, "bin"), (3, "bin")]
    assert all(each["size"] > 0 for each in listed)
    for each in listed[1:]:
        restored = shipway.api.post(f"{BASE}/scaled/volumes/bin/{each['id']}/restore")
        assert restored.status_code == 200, restored.text
    scale(shipway, "scaled", 3)
    assert texts(shipway, "scaled") == {1: "1", 2: "2", 3: "3"}
    assert conflicts(shipway, "scaled") == ""


def test_a_deleted_service_leaves_no_volume(shipway: RealShipway, repository: GitRepository) -> None:
    live(shipway, "deleted", repository)
    path = "t/t/production/deleted"
    assert volumes_of(shipway, path)
    assert shipway.api.delete(f"{BASE}/deleted", params={"confirm": path}).status_code == 204
    assert volumes_of(shipway, path) == []


def volumes_of(shipway: RealShipway, path: str) -> list[str]:
    filters = [f"label=shipway.installation={shipway.installation}", f"label=shipway.path={path}"]
    command = ["docker", "volume", "ls", "-q", *(word for each in filters for word in ("--filter", each))]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def reached(shipway: RealShipway, deployment_id: str, step: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        steps = {each["name"]: each["state"] for each in shipway.deployment(deployment_id)["steps"]}
        if steps.get(step, "pending") != "pending":
            return
        assert time.monotonic() < deadline, steps
        time.sleep(0.01)


def started(container: str) -> str:
    """Since when it runs; empty while it does not, or is about to be started again."""
    form = "{{if and .State.Running (not .State.Restarting)}}{{.State.StartedAt}}{{end}}"
    return subprocess.run(["docker", "inspect", "-f", form, container], capture_output=True, text=True).stdout.strip()


def until_started_again(container: str, before: str) -> None:
    deadline = time.monotonic() + 60
    while started(container) in ("", before):
        assert time.monotonic() < deadline, "it was not started again"
        time.sleep(0.1)


def until_running(shipway: RealShipway, name: str) -> None:
    deadline = time.monotonic() + 60
    while not running(shipway, name):
        assert time.monotonic() < deadline, "nothing runs"
        time.sleep(0.1)
