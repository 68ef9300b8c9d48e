"""Pruning on real parts: what goes is gone from the registry and from Docker, and what is live can still be pulled."""

import asyncio
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.git import GitRepository
from tests.support.images import ensure_test_image
from tests.support.real import RealShipway, real_shipway

SETTINGS = {"health": {"timeout": 30}, "drain_timeout": 1, "stop_grace": 1, "keep_warm": 0}
SERVICE = "/workspaces/t/projects/t/environments/production/services/kept"


@pytest.fixture(scope="module")
def shipway() -> Iterator[RealShipway]:
    asyncio.run(ensure_test_image())
    with real_shipway(SHIPWAY_RETENTION="1") as made:
        yield made


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    return GitRepository.create(tmp_path / "repository")


def change(repository: GitRepository, number: int) -> None:
    image = asyncio.run(ensure_test_image())
    page = f"RUN mkdir -p /www && echo 'version {number}' > /www/index.html"
    cmd = 'CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]'
    repository.commit({"Dockerfile": f"FROM {image}\nEXPOSE 8080\n{page}\n{cmd}\n"})


def docker(*words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["docker", *words], capture_output=True)


def done(shipway: RealShipway, asked: str) -> dict[str, Any]:
    """A deployment that is live, and with which all is done."""
    ended = shipway.wait(asked)
    assert ended["state"] == "live", ended["failure"]
    deadline = time.monotonic() + 60
    while not ended["finished_at"] and time.monotonic() < deadline:
        time.sleep(0.1)
        ended = shipway.deployment(asked)
    assert ended["finished_at"], "it never finished"
    return ended


def release(shipway: RealShipway, number: int) -> dict[str, Any]:
    return dict(shipway.api.get(f"{SERVICE}/releases/{number}").json())


def manifests(shipway: RealShipway) -> set[str]:
    """Digests of all that the registry can hand out."""
    storage = shipway.home / "registry" / "storage"
    return {f"sha256:{link.parent.name}" for link in storage.rglob("_manifests/revisions/sha256/*/link")}


def test_a_pruned_image_is_gone_and_what_is_live_is_pulled_again(
    shipway: RealShipway, repository: GitRepository
) -> None:
    host = shipway.create("kept", {"source": {"kind": "git", "url": str(repository.path)}, "settings": SETTINGS})
    for number in (1, 2, 3):
        change(repository, number)
        asked = done(shipway, shipway.pipeline("deploy", "kept"))
    told = "Pruned the images v1; their releases stay"
    assert told in shipway.log(asked["id"], "finalize")

    first, second, third = (release(shipway, number) for number in (1, 2, 3))
    assert first["image_pruned_at"]
    assert [second["image_pruned_at"], third["image_pruned_at"]] == [None, None]
    reference = first["image"]["reference"]
    assert docker("image", "inspect", reference).returncode != 0
    kept = manifests(shipway)
    assert first["image"]["digest"] not in kept
    assert {second["image"]["digest"], third["image"]["digest"]} <= kept
    listed = shipway.api.get(f"{SERVICE}/images").json()
    assert [(each["label"], each["reason"]) for each in listed] == [("v3", "live"), ("v2", "previous"), ("v1", "gone")]
    assert shipway.get(host).text == "version 3\n"

    # The engine has to ask the registry for both, as another machine would.
    back = done(shipway, shipway.pipeline("rollback", "kept"))
    assert (back["release"], shipway.get(host).text) == (2, "version 2\n")
    assert docker("rmi", "--force", third["image"]["reference"]).returncode == 0
    forward = done(shipway, shipway.pipeline("rollback", "kept", {"version": 3}))
    assert (forward["release"], shipway.get(host).text) == (3, "version 3\n")

    # Back to the one that is gone: built again from its commit, and told whether it is the same.
    rebuilt = done(shipway, shipway.pipeline("rollback", "kept", {"version": 1}))
    assert shipway.get(host).text == "version 1\n"
    outcome, now = rebuilt["rebuild"]["rebuilt"], release(shipway, rebuilt["release"])
    assert now["commit"] == first["commit"]
    same = now["image"]["digest"] == first["image"]["digest"]
    assert (outcome, same) in (("reproduced", True), ("differs", False))
    assert (release(shipway, 1)["image_pruned_at"] is None, rebuilt["release"] == 1) == (same, same)
