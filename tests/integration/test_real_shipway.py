"""Shipway on its real parts: Docker, BuildKit, HAProxy, the registry, git. What users meet, good and bad."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from bench.load import Tally
from tests.support.databases import new_database
from tests.support.git import GitRepository, git
from tests.support.images import ensure_test_image
from tests.support.real import APP, RealShipway, real_shipway
from tests.support.real_load import load_of
from tests.support.waiting import wait_until

SERVE = 'CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]'
IMPATIENT = {"health": {"timeout": 4}, "drain_timeout": 2}


@pytest.fixture(scope="module")
def image() -> str:
    return asyncio.run(ensure_test_image())


@pytest.fixture(scope="module")
def shipway(image: str) -> Iterator[RealShipway]:
    with real_shipway() as made:
        yield made


@pytest.fixture
def repository(tmp_path: Path, image: str) -> GitRepository:
    """A git repository on this machine whose app answers with its version."""
    made = GitRepository.create(tmp_path / "repository")
    made.commit({"Dockerfile": dockerfile(image, "version one")})
    return made


def dockerfile(image: str, text: str, cmd: str = SERVE) -> str:
    return f"FROM {image}\nEXPOSE 8080\nRUN mkdir -p /www && echo '{text}' > /www/index.html\n{cmd}\n"


def from_git(shipway: RealShipway, name: str, repository: GitRepository) -> str:
    return shipway.create(name, {"source": {"kind": "git", "url": str(repository.path)}, "settings": IMPATIENT})


def containers(shipway: RealShipway, name: str) -> list[str]:
    """What Docker has of a service, running or not."""
    wanted = f"name=^/{shipway.installation}.t.t.production.{name}\\."
    command = ["docker", "ps", "-a", "--filter", wanted, "--format", "{{.Names}} {{.State}}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n")[:-1]


def test_branches_tags_and_commits_of_a_repository_deploy(
    shipway: RealShipway, repository: GitRepository, image: str
) -> None:
    host = from_git(shipway, "git", repository)
    first = git(repository.path, "rev-parse", "HEAD")
    git(repository.path, "tag", "-a", "v1", "-m", "The first")
    assert shipway.wait(shipway.pipeline("deploy", "git"))["state"] == "live"
    assert shipway.get(host).text == "version one\n"
    repository.commit({"Dockerfile": dockerfile(image, "version two")})
    for ref, text in (
        ("main", "version two"),
        ("v1", "version one"),
        (first, "version one"),
        (first[:10], "version one"),
    ):
        ended = shipway.wait(shipway.pipeline("deploy", "git", {"ref": ref}))
        assert (ended["state"], shipway.get(host).text) == ("live", f"{text}\n")


def test_an_image_is_deployed_without_a_build(shipway: RealShipway, image: str) -> None:
    body = {
        "source": {"kind": "image", "reference": image},
        "settings": IMPATIENT | {"start_command": "httpd -f -p $PORT"},
    }
    host = shipway.create("image", body)
    ended = shipway.wait(shipway.pipeline("deploy", "image"))
    assert ended["state"] == "live", ended["failure"]
    assert [step["state"] for step in ended["steps"]][:4] == ["skipped"] * 4
    assert shipway.get(host).status_code == 404


def test_every_image_runs_by_digest(shipway: RealShipway, repository: GitRepository) -> None:
    from_git(shipway, "digest", repository)
    shipway.wait(shipway.pipeline("deploy", "digest"))
    name = containers(shipway, "digest")[0].split()[0]
    inspect = ["docker", "inspect", "--format", "{{.Config.Image}} {{.HostConfig.RestartPolicy.Name}}", name]
    wait_until(lambda: "unless-stopped" in subprocess.run(inspect, capture_output=True, text=True).stdout)
    assert "/t/t/production/digest@sha256:" in subprocess.run(inspect, capture_output=True, text=True).stdout


@pytest.mark.parametrize(
    ("name", "change", "code", "told"),
    [
        ("unknown-ref", {"ref": "nosuch"}, "unknown-ref", "nosuch"),
        ("dockerfile-error", "FROM x\nFORM y\n", "dockerfile-error", "Dockerfile:2"),
        ("failing-build", "FROM {image}\nEXPOSE 8080\nRUN exit 3\nCMD x\n", "build-command-failed", "3"),
        ("app-exits", 'CMD ["sh", "-c", "echo KeyError: DATABASE_URL; exit 7"]', "app-exited", "exit code 7"),
        ("never-listens", 'CMD ["sleep", "600"]', "not-listening", "no port"),
        ("on-loopback", 'CMD ["httpd", "-f", "-p", "127.0.0.1:8080"]', "listening-on-loopback", "127.0.0.1:8080"),
        ("other-port", 'CMD ["httpd", "-f", "-p", "3000"]', "listening-on-another-port", "3000"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.replace("-", "").isalpha() else "",
)
def test_a_failure_names_its_class_and_leaves_the_old_release_alone(
    shipway: RealShipway,
    repository: GitRepository,
    image: str,
    name: str,
    change: str | dict[str, str],
    code: str,
    told: str,
) -> None:
    host = from_git(shipway, name, repository)
    assert shipway.wait(shipway.pipeline("deploy", name))["state"] == "live"
    before = containers(shipway, name)
    if isinstance(change, str):
        repository.commit(
            {"Dockerfile": change.replace("{image}", image) if "FROM" in change else dockerfile(image, "two", change)}
        )
    ended = shipway.wait(shipway.pipeline("deploy", name, change if isinstance(change, dict) else None))
    assert ended["state"] == "failed"
    assert ended["failure"]["code"] == code, ended["failure"]
    assert told in ended["failure"]["message"]
    assert ended["failure"]["hint"]
    wait_until(lambda: shipway.deployment(ended["id"])["finished_at"])
    assert containers(shipway, name) == before
    assert shipway.get(host).text == "version one\n"
    assert not any((shipway.home / "work").iterdir())
    if code == "app-exited":
        assert "KeyError: DATABASE_URL" in " ".join(ended["failure"]["evidence"])
        assert "KeyError: DATABASE_URL" in shipway.log(ended["id"], "abandon")


def test_an_unreachable_repository_is_told(shipway: RealShipway) -> None:
    shipway.create("unreachable", {"source": {"kind": "git", "url": "http://127.0.0.1:9/nothing.git"}})
    ended = shipway.wait(shipway.pipeline("deploy", "unreachable"))
    assert (ended["state"], ended["failure"]["code"]) == ("failed", "repository-unreachable")
    assert ended["failure"]["hint"]


def test_a_host_that_is_taken_is_refused(shipway: RealShipway, repository: GitRepository) -> None:
    host = from_git(shipway, "first", repository)
    body = {"name": "second", "create_parents": True, "hosts": [host], "source": {"kind": "upload"}}
    answer = shipway.api.post("/workspaces/t/projects/t/environments/production/services", json=body)
    assert answer.status_code == 409
    assert host in answer.json()["detail"]
    assert answer.json()["hint"]
    assert shipway.api.get("/workspaces/t/projects/t/environments/production/services/second").status_code == 404


def test_a_build_is_cancelled_within_seconds(shipway: RealShipway, repository: GitRepository, image: str) -> None:
    from_git(shipway, "cancel", repository)
    repository.commit({"Dockerfile": dockerfile(image, "slow").replace("RUN ", "RUN sleep 77 && ")})
    deployment_id = shipway.pipeline("deploy", "cancel")
    wait_until(lambda: "sleep 77" in shipway.log(deployment_id, "build"))
    shipway.api.post(f"/deployments/{deployment_id}/cancel").raise_for_status()
    assert shipway.wait(deployment_id, timeout=20)["state"] == "cancelled"
    wait_until(lambda: subprocess.run(["pgrep", "-f", "^sleep 77"], capture_output=True).returncode == 1)


def test_a_worker_that_dies_is_started_again_at_the_same_address(
    shipway: RealShipway, repository: GitRepository
) -> None:
    host = from_git(shipway, "crashing", repository)
    made = shipway.pipeline("deploy", "crashing")
    wait_until(lambda: shipway.deployment(made)["finished_at"])
    name = containers(shipway, "crashing")[0].split()[0]
    pid = subprocess.run(
        ["docker", "inspect", "--format", "{{.State.Pid}}", name], capture_output=True, text=True
    ).stdout.strip()
    os.kill(int(pid), signal.SIGKILL)
    wait_until(lambda: shipway.get(host).status_code == 200)


def test_the_proxy_comes_back_as_it_was(shipway: RealShipway, repository: GitRepository) -> None:
    host = from_git(shipway, "proxied", repository)
    assert shipway.wait(shipway.pipeline("deploy", "proxied"))["state"] == "live"
    shipway.kill_proxy()
    wait_until(lambda: serves(shipway, host, "version one"))


STEPS = ("clone", "build", "push", "deploy", "health", "route", "finalize")


def test_a_kill_in_any_step_drops_no_request_and_the_deployment_goes_on(image: str) -> None:
    """Under constant load from an independent client; apps and proxy never notice."""
    with real_shipway() as shipway, under_load(shipway) as tally:
        for step in STEPS:
            deployment_id = shipway.pipeline("deploy", "app", {"upload": shipway.upload(APP, {"step.txt": step})})
            wait_until(lambda d=deployment_id, s=step: reached(shipway, d, s), pause=0.002)  # type: ignore[misc]
            shipway.kill()
            shipway.start()
            assert shipway.wait(deployment_id)["state"] == "live", step
            wait_until(lambda d=deployment_id: shipway.deployment(d)["finished_at"])  # type: ignore[misc]
            assert len(containers(shipway, "app")) == 1
    assert tally.failed == []
    assert len(tally.releases) == len(STEPS) + 1


def test_the_cutover_report_equals_an_independent_client_s_count(image: str) -> None:
    text = (APP / "app.py").read_text()
    first = {"app.py": text.replace("asyncio.sleep(3)", "asyncio.sleep(8)")}
    second = {
        "app.py": text.replace("async def main() -> None:\n", "async def main() -> None:\n    await asyncio.sleep(2)\n")
    }
    assert text not in (*first.values(), *second.values())
    with real_shipway() as shipway:
        host = shipway.create("app", {"source": {"kind": "upload"}})
        before = shipway.wait(shipway.pipeline("deploy", "app", {"upload": shipway.upload(APP, first)}))
        with ThreadPoolExecutor() as clients:
            made = shipway.pipeline("deploy", "app", {"upload": shipway.upload(APP, second)})
            # It takes 2 s to come up; those that are asked for now take 8 s.
            wait_until(lambda: reached(shipway, made, "health"), pause=0.002)
            slow = [clients.submit(shipway.get, host, "/slow") for _ in range(3)]
            assert shipway.wait(made, states=("live",))["release"] == 2
            fast = [shipway.get(host) for _ in range(40)]
            slow_answers = [each.result() for each in slow]
        wait_until(lambda: shipway.deployment(made)["finished_at"])
        report = shipway.deployment(made)["cutover"]
        assert before["cutover"] is None
        answered = Counter(each.headers["x-release"] for each in (*fast, *slow_answers))
        assert (report["old"], report["new"]) == (answered["1"], answered["2"]) == (3, 40)
        assert (report["in_flight"], report["drained"], report["cut"], report["broken"]) == (3, 3, 0, 0)
        assert report["verdict"] == "zero-drop proven"


def test_on_postgresql_a_deployment_outlives_a_kill_too(repository: GitRepository, postgres: str) -> None:
    """The dead process's lease runs out, then the next one goes on."""
    url = asyncio.run(new_database(postgres))
    with real_shipway(SHIPWAY_DATABASE_URL=url) as shipway:
        host = from_git(shipway, "pg", repository)
        deployment_id = shipway.pipeline("deploy", "pg")
        wait_until(lambda: reached(shipway, deployment_id, "build"), pause=0.002)
        shipway.kill()
        shipway.start()
        assert shipway.wait(deployment_id)["state"] == "live"
        assert shipway.get(host).text == "version one\n"


def reached(shipway: RealShipway, deployment_id: str, step: str) -> bool:
    states = {each["name"]: each["state"] for each in shipway.deployment(deployment_id)["steps"]}
    return states[step] != "pending"


@contextlib.contextmanager
def under_load(shipway: RealShipway) -> Iterator[Tally]:
    """The load app, live, and clients at it until the end."""
    host = shipway.create("app", {"source": {"kind": "upload"}, "settings": {"drain_timeout": 5, "keep_warm": 0}})
    assert shipway.wait(shipway.pipeline("deploy", "app", {"upload": shipway.upload(APP)}))["state"] == "live"
    with load_of(shipway, host) as tally:
        yield tally


def serves(shipway: RealShipway, host: str, text: str) -> bool:
    with contextlib.suppress(OSError, Exception):
        return text in shipway.get(host).text
    return False
