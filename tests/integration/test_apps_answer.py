"""Every sample app that can be built here is deployed by a real Shipway, and answers through its proxy."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.apps import APPS, expected_of
from tests.support.real import RealShipway, real_shipway

NAMES = sorted(path.parent.name for path in APPS.glob("*/expected.json") if "answers" in expected_of(path.parent.name))
#: Built in the usual lane: one of each common kind.
COMMON = ("express-npm", "flask-pip", "static-site")
#: Built in the slow lane: one of each package manager, and what is special. All of them: make corpus.
SEVERAL = (
    *("bun-server", "deno-server", "django-pip", "flask-pipenv", "go-net-http", "java-maven-plain", "next-npm"),
    *("php-composer", "poetry-src-package", "ruby-rack-lock", "rust-std-http", "typescript-pnpm", "uv-src-layout"),
    *("vite-single-page", "workspaces-with-postinstall", "yarn-berry"),
)


@pytest.fixture(scope="module")
def shipway() -> Iterator[RealShipway]:
    with real_shipway(SHIPWAY_BASES="airgapped", SHIPWAY_BUILD_MEMORY="4g", SHIPWAY_OVERCOMMIT_MEMORY="1000") as made:
        yield made


def _lane(name: str) -> tuple[pytest.MarkDecorator, ...]:
    if name in COMMON:
        return ()
    return (pytest.mark.heavy,) if name in SEVERAL else (pytest.mark.corpus,)


@pytest.mark.parametrize("name", [pytest.param(name, marks=_lane(name)) for name in NAMES])
def test_a_sample_app_is_deployed_from_its_source_and_answers(shipway: RealShipway, name: str) -> None:
    expected = expected_of(name)
    answers = expected["answers"]
    settings = {"port": answers["port"]} if "port" in answers else {}
    body = {"source": {"kind": "upload", "subdirectory": expected.get("subdirectory", "")}, "settings": settings}
    host = shipway.create(name, body)
    if environment := answers.get("environment"):
        shipway.configure(name, environment)
    digest = shipway.upload(APPS / name)
    ended = _deployed(shipway, name, digest)
    assert ended["state"] == "live", f"{ended['failure']}\n{shipway.log(ended['id'], 'build')[-3000:]}"
    try:
        path = answers.get("path", "/")
        response = _answer(shipway, host, path)
        assert response.status_code == answers.get("status", 200), response.text[:500]
        assert [part for part in answers.get("body_has", []) if part not in response.text] == [], response.text[:500]
    finally:
        service = f"/workspaces/t/projects/t/environments/production/services/{name}"
        assert shipway.api.delete(f"{service}?confirm=t/t/production/{name}").status_code == 204


def _deployed(shipway: RealShipway, name: str, digest: str) -> dict[str, Any]:
    """Once more where it was the network: a package index that can't be reached for a moment says nothing of us."""
    for _ in range(2):
        ended = shipway.wait(shipway.pipeline("deploy", name, {"upload": digest}), timeout=900)
        if not ended["failure"] or ended["failure"]["code"] != "network":
            break
    return ended


def _answer(shipway: RealShipway, host: str, path: str):  # type: ignore[no-untyped-def]
    """A weakly verified app may still be warming up behind its first answer."""
    until = time.monotonic() + 20
    while (response := shipway.get(host, path)).status_code >= 500 and time.monotonic() < until:
        time.sleep(0.2)
    return response
