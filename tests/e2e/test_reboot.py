"""Everything that ran runs again after the machine was off, or its engine away (S7.5): with an engine of the test's own."""

import asyncio
import time
from collections.abc import Iterator

import httpx2
import pytest
from tests.support.images import ensure_test_image
from tests.support.own_machine import OwnEngine, own_engine, own_network
from tests.support.real import RealShipway, real_shipway

pytestmark = pytest.mark.heavy

SERVICE = "/workspaces/t/projects/t/environments/production/services"


@pytest.fixture
def engine() -> Iterator[OwnEngine]:
    image = asyncio.run(ensure_test_image())
    with own_network(), own_engine() as made:
        made.load(image)
        yield made


@pytest.fixture
def shipway(engine: OwnEngine) -> Iterator[RealShipway]:
    with real_shipway(SHIPWAY_DOCKER_HOST=engine.host) as made:
        yield made


def test_after_a_reboot_everything_that_was_live_serves_again(shipway: RealShipway, engine: OwnEngine) -> None:
    pair, single = deployed(shipway, "pair", instances=2), deployed(shipway, "single")
    before = {host: answered(shipway, host) for host in (pair, single)}
    shipway.kill()
    shipway.kill_proxy()
    engine.stop()
    with pytest.raises(httpx2.HTTPError):
        answered(shipway, pair)

    engine.start()
    # One did not survive the night.
    gone = engine.docker("ps", "-aq", "--filter", "name=single").stdout.split()
    engine.docker("rm", "-f", *gone)
    shipway.start()
    for host, release in before.items():
        assert until_answered(shipway, host) == release
    up = engine.docker("ps", "--format", "{{.Names}}").stdout.split()
    assert [sum(f".{name}." in each for each in up) for name in ("pair", "single")] == [2, 1]
    assert [len(deployments(shipway, name)) for name in ("pair", "single")] == [2, 1], "somebody deployed anew"


def test_an_engine_that_comes_back_has_everything_again_without_a_restart_of_shipway(
    shipway: RealShipway, engine: OwnEngine
) -> None:
    host = deployed(shipway, "shop")
    engine.stop()
    assert shipway.api.get(f"{SERVICE}/shop").is_success, "Shipway does not answer while its engine is away"
    engine.start()
    assert until_answered(shipway, host)
    made = shipway.wait(shipway.pipeline("deploy", "shop"))
    assert (made["state"], until_answered(shipway, host)) == ("live", "2")


def deployed(shipway: RealShipway, name: str, *, instances: int = 1) -> str:
    """The host of a service that serves, from so many instances."""
    source = {"kind": "image", "reference": "shipway-test/busybox:1"}
    host = shipway.create(name, {"source": source, "settings": {"keep_warm": 0}})
    assert shipway.wait(shipway.pipeline("deploy", name))["state"] == "live"
    if instances > 1:
        scaled = shipway.api.put(f"{SERVICE}/{name}/scale", json={"web": instances}).json()["deployment"]
        assert shipway.wait(scaled["id"])["state"] == "live"
    return host


def deployments(shipway: RealShipway, name: str) -> list[object]:
    return list(shipway.api.get(f"{SERVICE}/{name}/deployments").json()["deployments"])


def answered(shipway: RealShipway, host: str) -> str:
    """Number of the release that answers; empty for none."""
    answer = shipway.get(host, "/cgi-bin/env")
    told = dict(line.partition("=")[::2] for line in answer.text.splitlines())
    return told.get("SHIPWAY_RELEASE", "") if answer.is_success else ""


def until_answered(shipway: RealShipway, host: str) -> str:
    """The same, as soon as there is one."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            if release := answered(shipway, host):
                return release
        except httpx2.HTTPError:
            pass
        time.sleep(0.2)
    raise TimeoutError(f"{host} never came back")
