"""Live instances on the real Docker and HAProxy: not ready, hung, out of memory, gone with the machine."""

import contextlib
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.real import APP, RealShipway, real_shipway
from tests.support.real_load import load_of
from tests.support.waiting import wait_until

ADDRESS = "/workspaces/t/projects/t/environments/production/services/app"
SETTINGS = {
    "health": {"path": "/ready", "interval": 1, "failures": 2, "timeout": 60},
    "liveness": {"path": "/livez", "interval": 1, "timeout": 1, "failures": 2},
    "resources": {"memory": 96 * 1024 * 1024},
    "stop_grace": 1,
    "keep_warm": 0,
}
#: What a file in `/tmp` makes the app do, until it is started again.
SWITCHES = """
    for name in ("hang", "eat"):
        if os.path.exists(f"/tmp/{name}"):
            [bytearray(10**6) for _ in range(10**4)] if name == "eat" else __import__("time").sleep(3600)
        if path == "/ready" and os.path.exists("/tmp/unready"):
            writer.write(response("503 Service Unavailable", b"not ready"))
            return
    if path == "/who":
        writer.write(response("200 OK", os.environ["SHIPWAY_INSTANCE"].encode()))
        return
"""


@pytest.fixture(scope="module")
def shipway() -> Iterator[RealShipway]:
    """One with a service of two live instances."""
    text = (APP / "app.py").read_text()
    asked = '        if path == "/slow":\n'
    started = "async def main() -> None:\n"
    forget = (
        '    [os.unlink(f"/tmp/{name}") for name in ("hang", "eat", "unready") if os.path.exists(f"/tmp/{name}")]\n'
    )
    changed = text.replace(asked, SWITCHES.replace("\n    ", "\n        ") + asked).replace(started, started + forget)
    assert changed.count("/tmp/unready") == 1
    with real_shipway() as made:
        made.create("app", {"source": {"kind": "upload"}, "settings": SETTINGS})
        made.api.put(f"{ADDRESS}/scale", json={"web": 2}).raise_for_status()
        ended = made.wait(made.pipeline("deploy", "app", {"upload": made.upload(APP, {"app.py": changed})}))
        assert ended["state"] == "live", ended["failure"]
        wait_until(lambda: made.deployment(ended["id"])["finished_at"])
        yield made


HOST = "app-production-t.localhost"


def service(shipway: RealShipway) -> dict[str, Any]:
    return dict(shipway.api.get(ADDRESS).raise_for_status().json())


def instance(shipway: RealShipway, ordinal: int) -> dict[str, Any]:
    [found] = [each for each in service(shipway)["instances"] if each["name"].endswith(f".web.{ordinal}")]
    return dict(found)


def inside(shipway: RealShipway, ordinal: int, *command: str) -> None:
    container = f"{shipway.installation}.{instance(shipway, ordinal)['name']}"
    subprocess.run(["docker", "exec", container, *command], check=True)


def who(shipway: RealShipway) -> set[str]:
    """The ordinals of the instances that a few requests reach."""
    return {shipway.get(HOST, "/who").text.rpartition(".")[2] for _ in range(12)}


def all_serve(shipway: RealShipway) -> bool:
    with contextlib.suppress(OSError, Exception):
        return all(shipway.get(HOST).status_code == 200 for _ in range(4)) and who(shipway) == {"1", "2"}
    return False


def test_while_one_is_not_ready_no_request_fails_and_none_reaches_it(shipway: RealShipway) -> None:
    with load_of(shipway, HOST) as tally:
        inside(shipway, 1, "touch", "/tmp/unready")
        wait_until(lambda: not instance(shipway, 1)["ready"])
        # The store says so a moment before the proxy does.
        wait_until(lambda: who(shipway) == {"2"})
        before = sum(tally.ok.values())
        wait_until(lambda: sum(tally.ok.values()) > before + 500)
        assert who(shipway) == {"2"}
        assert service(shipway)["state"] == "degraded"
        inside(shipway, 1, "rm", "/tmp/unready")
        wait_until(lambda: all_serve(shipway))
    assert tally.failed == []
    assert tally.ok["slow"] > 1
    assert service(shipway)["state"] == "running"


def test_one_that_hangs_is_started_again(shipway: RealShipway) -> None:
    before = instance(shipway, 1)
    inside(shipway, 1, "touch", "/tmp/hang")
    wait_until(lambda: instance(shipway, 1)["restarts"] > before["restarts"])
    wait_until(lambda: all_serve(shipway))
    after = instance(shipway, 1)
    assert "/livez" in after["last_restart"]["reason"]
    assert after["started_at"] > before["started_at"]
    assert (instance(shipway, 2)["restarts"], instance(shipway, 2)["last_restart"]) == (0, None)


def test_one_that_runs_out_of_memory_comes_back_and_is_told_about(shipway: RealShipway) -> None:
    before = instance(shipway, 2)["restarts"]
    inside(shipway, 2, "touch", "/tmp/eat")
    wait_until(lambda: instance(shipway, 2)["last_restart"])
    assert instance(shipway, 2)["last_restart"]["reason"] == "out of memory"
    wait_until(lambda: all_serve(shipway))
    assert instance(shipway, 2)["restarts"] == before + 1
    assert service(shipway)["state"] == "degraded"


def test_after_everything_was_killed_at_once_everything_runs_again(shipway: RealShipway) -> None:
    shipway.kill()
    shipway.kill_proxy()
    mine = ["docker", "ps", "-q", "--filter", f"label=shipway.installation={shipway.installation}"]
    running = subprocess.run(mine, check=True, capture_output=True, text=True).stdout.split()
    assert len(running) >= 2
    subprocess.run(["docker", "kill", *running], check=True, capture_output=True)
    shipway.start()
    wait_until(lambda: all_serve(shipway))
    assert all(each["ready"] and each["state"] == "running" for each in service(shipway)["instances"])
