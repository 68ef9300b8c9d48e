"""Going back to a pruned image on real parts, with nothing left in the builder's cache: the very same, or told otherwise."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.git import GitRepository, git
from tests.support.images import ensure_test_image
from tests.support.real import RealShipway, real_shipway
from tests.support.waiting import wait_until

SETTINGS = {"health": {"timeout": 60}, "drain_timeout": 1, "stop_grace": 1, "keep_warm": 0}
SERVICE = "/workspaces/t/projects/t/environments/production/services/again"
#: What is the same each time, and what never is.
SAME, RANDOM = "echo as ever", "cat /proc/sys/kernel/random/uuid"


@pytest.fixture(scope="module")
def shipway() -> Iterator[RealShipway]:
    asyncio.run(ensure_test_image())
    with real_shipway(SHIPWAY_RETENTION="1", SHIPWAY_BUILDS="sandbox") as made:
        yield made


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    return GitRepository.create(tmp_path / "repository")


def commit(repository: GitRepository, number: int, writes: str) -> str:
    image = asyncio.run(ensure_test_image())
    steps = f"WORKDIR /srv/page\nCOPY page .\nRUN mkdir /srv/made && {writes} > /srv/made/stamp"
    cmd = 'CMD ["httpd", "-f", "-p", "8080", "-h", "/srv/page"]'
    dockerfile = f"FROM {image}\nEXPOSE 8080\n{steps}\n{cmd}\n"
    return repository.commit({"Dockerfile": dockerfile, "page/index.html": f"version {number}\n"})


def ended(shipway: RealShipway, asked: str) -> dict[str, Any]:
    """A deployment with which all is done."""
    shipway.wait(asked)
    wait_until(lambda: shipway.deployment(asked)["finished_at"], timeout=180)
    return shipway.deployment(asked)


def live(shipway: RealShipway, asked: str) -> dict[str, Any]:
    done = ended(shipway, asked)
    assert done["state"] == "live", done["failure"]
    return done


def back(shipway: RealShipway, version: int) -> str:
    return shipway.pipeline("rollback", "again", {"version": version})


def release(shipway: RealShipway, number: int) -> dict[str, Any]:
    return dict(shipway.api.get(f"{SERVICE}/releases/{number}").json())


def empty_the_cache(shipway: RealShipway) -> None:
    answer = shipway.api.post("/workspaces/t/builds/prune")
    assert answer.status_code == 200, answer.text


def test_a_pruned_image_is_made_again_from_nothing_or_told_to_be_another(
    shipway: RealShipway, repository: GitRepository
) -> None:
    host = shipway.create("again", {"source": {"kind": "git", "url": str(repository.path)}, "settings": SETTINGS})
    fixed = {"set": {"SOURCE_DATE_EPOCH": "1700000000"}, "buildtime": {"SOURCE_DATE_EPOCH": True}}
    assert shipway.api.patch(f"{SERVICE}/config", json=fixed).status_code == 200
    for number, writes in enumerate((SAME, RANDOM, SAME), 1):
        commit(repository, number, writes)
        live(shipway, shipway.pipeline("deploy", "again"))
    first, second = release(shipway, 1), release(shipway, 2)
    assert first["image_pruned_at"]

    empty_the_cache(shipway)
    reproduced = live(shipway, back(shipway, 1))
    assert "cached" not in shipway.log(reproduced["id"], "build")
    assert (reproduced["release"], reproduced["rebuild"]["rebuilt"]) == (1, "reproduced")
    assert shipway.get(host).text == "version 1\n"
    assert not release(shipway, 1)["image_pruned_at"]
    made = shipway.api.get(f"{SERVICE}/builds/4").json()
    assert (made["deployment"], made["digest"]) == (reproduced["number"], first["image"]["digest"])

    # What was to go back to is now the newest, and so the second has gone.
    assert release(shipway, 2)["image_pruned_at"]
    differs = live(shipway, back(shipway, 2))
    assert (differs["release"], differs["rebuild"]["rebuilt"]) == (4, "differs")
    assert shipway.get(host).text == "version 2\n"
    other = release(shipway, 4)
    assert (other["derived_from"], other["commit"]) == (2, second["commit"])
    assert other["image"]["digest"] != second["image"]["digest"]
    assert release(shipway, 2)["image_pruned_at"]
    told = shipway.log(differs["id"], "release")
    assert "Rebuilt: differs" in told and "writes or downloads something else" in told

    # The history was rewritten, and nobody has the commit any more.
    git(repository.path, "checkout", "--quiet", "--orphan", "anew")
    commit(repository, 9, SAME)
    git(repository.path, "branch", "--quiet", "-D", "main")
    git(repository.path, "reflog", "expire", "--expire=now", "--all")
    git(repository.path, "gc", "--quiet", "--prune=now")
    shutil.rmtree(shipway.home / "git-cache")
    failed = ended(shipway, back(shipway, 2))
    assert (failed["state"], failed["failure"]["step"]) == ("failed", "clone")
    assert second["commit"][:12] in failed["failure"]["message"] and "force push" in failed["failure"]["hint"]
    assert shipway.get(host).text == "version 2\n"
    assert shipway.deployment(differs["id"])["state"] == "live"
