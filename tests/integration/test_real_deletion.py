"""Deleting for good on real parts: beside a neighbour under load, and over `kill -9`."""

import asyncio
import contextlib
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support.git import GitRepository
from tests.support.images import ensure_test_image
from tests.support.real import RealShipway, real_shipway

from shipway.engines.docker.secret_files import PLACES

pytestmark = pytest.mark.heavy

PROJECT = "/workspaces/t/projects/t"
ENVIRONMENT = f"{PROJECT}/environments/production"
SETTINGS = {"health": {"timeout": 20}, "drain_timeout": 1, "stop_grace": 4, "keep_warm": 5}
#: Takes two seconds to end: long enough to be killed meanwhile.
APP = "trap 'sleep 2; exit 0' TERM; echo 1 >/data/text; httpd -f -p 8080 -h /www & wait"


@pytest.fixture(scope="module")
def shipway() -> Iterator[RealShipway]:
    with real_shipway() as made:
        yield made


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    made = GitRepository.create(tmp_path / "repository")
    image = asyncio.run(ensure_test_image())
    made.commit({"Dockerfile": f"FROM {image}\nEXPOSE 8080\nRUN echo ok >/www/index.html\nCMD {APP}\n"})
    return made


def live(shipway: RealShipway, name: str, repository: GitRepository, environment: str = "production") -> str:
    """A service with a volume, a config file and a secret as a variable and as a file; returns its host."""
    base = f"{PROJECT}/environments/{environment}"
    source = {"kind": "git", "url": str(repository.path)}
    body = {"name": name, "source": source, "settings": SETTINGS, "create_parents": True}
    done(shipway, "POST", f"{base}/services", body)
    done(shipway, "PUT", f"{base}/secrets/KEY", {"value": "a-secret-value"})
    done(shipway, "PATCH", f"{base}/services/{name}/secrets", {"variables": {"KEY": "KEY"}, "files": {"key": "KEY"}})
    done(shipway, "PATCH", f"{base}/services/{name}/files", {"set": {"app.toml": "a = 1"}})
    done(shipway, "PUT", f"{base}/services/{name}/volumes", {"name": "data", "path": "/data"})
    made = done(shipway, "POST", f"{PROJECT}/pipeline/deploy?service={name}&env={environment}", {})
    ended = shipway.wait(made["id"])
    assert ended["state"] == "live", ended["failure"]
    host = f"{name}-{environment}-t.localhost"
    assert shipway.get(host).status_code == 200
    return host


def done(shipway: RealShipway, method: str, path: str, body: object) -> dict[str, str]:
    answer = shipway.api.request(method, path, json=body)
    assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
    return dict(answer.json())


def docker(*arguments: str) -> list[str]:
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout.split()


def left_of(shipway: RealShipway, part: str, *, network: bool) -> dict[str, list[str]]:
    """Whatever of the services whose names begin like that is anywhere, by kind."""
    own = f"label=shipway.installation={shipway.installation}"
    state = [path for path in shipway.home.rglob("*") if part in path.name]
    memory = [path for place in PLACES for path in place.rglob("*") if f"{shipway.installation}.{part}" in f"{path}"]
    proxied = (shipway.home / "proxy" / "haproxy.cfg").read_text() + "".join(
        path.read_text() for path in (shipway.home / "proxy").rglob("*.map")
    )
    found = {
        "containers": docker("ps", "-aq", "--filter", f"name={shipway.installation}.{part}"),
        "volumes": docker("volume", "ls", "-q", "--filter", own),
        "files": [str(path) for path in (*state, *memory)],
        "routes": [line for line in proxied.splitlines() if part.rpartition(".")[2] in line],
    }
    if network:
        name = ".".join(part.split(".")[:3])
        found["networks"] = docker("network", "ls", "-q", "--filter", f"name=^{shipway.installation}\\.{name}$")
    return {kind: names for kind, names in found.items() if names}


@contextlib.contextmanager
def asked_all_the_time(shipway: RealShipway, host: str) -> Iterator[list[str]]:
    """What `host` answers, one new connection after the other, until the end."""
    answers, done = list[str](), threading.Event()

    def ask() -> None:
        while not done.is_set():
            try:
                answers.append(str(shipway.get(host).status_code))
            except Exception as error:
                answers.append(repr(error))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield answers
    finally:
        done.set()
        thread.join()


def until(what: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.1)


def test_a_deleted_service_is_gone_and_its_neighbour_has_not_lost_a_request(
    shipway: RealShipway, repository: GitRepository
) -> None:
    host, neighbour = live(shipway, "doomed", repository, "beside"), live(shipway, "neighbour", repository)
    path = f"{PROJECT}/environments/beside/services/doomed"
    told = shipway.api.get(f"{path}/deletion").json()
    assert [(each["name"], each["size"] > 0) for each in told["volumes"]] == [("data.web.1", True)]
    with asked_all_the_time(shipway, neighbour) as answers:
        assert shipway.api.delete(path, params={"confirm": "doomed"}).status_code == 400
        assert shipway.get(host).status_code == 200
        answer = shipway.api.delete(path, params={"confirm": "t/t/beside/doomed"})
        assert answer.status_code == 204, answer.text
        assert shipway.get(host).status_code in (404, 503)
        # Somebody else has the host at once.
        url = f"{ENVIRONMENT}/services/neighbour"
        assert shipway.api.patch(url, json={"hosts": [neighbour, host]}).status_code == 200
        assert shipway.get(host).status_code == 200
    assert len(answers) > 10 and set(answers) == {"200"}, answers
    assert shipway.api.patch(url, json={"hosts": [neighbour]}).status_code == 200
    volume = docker("volume", "ls", "-q", "--filter", f"label=shipway.installation={shipway.installation}")
    assert len(volume) == 1, "the neighbour's"
    assert shipway.api.delete(url, params={"confirm": "t/t/production/neighbour"}).status_code == 204
    for name in ("t.t.beside.doomed", "t.t.production.neighbour"):
        assert left_of(shipway, name, network=True) == {}


def test_killed_in_the_middle_the_next_start_completes_it(shipway: RealShipway, repository: GitRepository) -> None:
    host = live(shipway, "killed", repository)
    with pytest.raises(Exception, match=r".*"):
        shipway.api.delete(ENVIRONMENT, params={"confirm": "t/t/production"}, timeout=0.5)
    shipway.kill()
    assert docker("ps", "-aq", "--filter", f"name={shipway.installation}.t.t.production.killed"), "it was too fast"
    shipway.start()
    until(lambda: shipway.api.post(f"{PROJECT}/environments", json={"name": "production"}).status_code == 201)
    assert left_of(shipway, "t.t.production.killed", network=True) == {}
    assert shipway.get(host).status_code in (404, 503)
    assert shipway.api.get(f"{ENVIRONMENT}/secrets").json() == []
    live(shipway, "killed", repository)
