"""Instances that serve what they see below /etc/config, on a real Shipway."""

import asyncio
import json
import subprocess
import time
from typing import Any

import httpx2
from tests.support.images import ensure_test_image
from tests.support.real import RealShipway

NAME = "reader"
URL = f"/workspaces/t/projects/t/environments/production/services/{NAME}"
_SETTINGS = {
    "start_command": "httpd -f -p $PORT -h /etc/config",
    "health": {"type": "tcp"},
    "resources": {"memory": 32 * 2**20, "cpus": 1.0},
    "stop_grace": 1,
    "drain_timeout": 1,
    "keep_warm": 0,
}


def readers(shipway: RealShipway, count: int) -> None:
    """So many instances of a service, live."""
    image = asyncio.run(ensure_test_image())
    shipway.create(NAME, {"source": {"kind": "image", "reference": image}, "settings": _SETTINGS})
    _insist(shipway.api.put(f"{URL}/scale", json={"web": count}))
    deployed(shipway)


def deployed(shipway: RealShipway) -> None:
    """A deployment of it, live."""
    finished(shipway, shipway.pipeline("deploy", NAME))


def rolled_back(shipway: RealShipway, version: int) -> None:
    """The release of that number, live again."""
    finished(shipway, shipway.pipeline("rollback", NAME, {"version": version}))


def finished(shipway: RealShipway, deployment_id: str) -> dict[str, Any]:
    """A deployment that is live, and nothing is left of its predecessor."""
    made = shipway.wait(deployment_id)
    assert made["live_at"], made["failure"]
    while not made["finished_at"]:
        time.sleep(0.1)
        made = shipway.deployment(deployment_id)
    return made


def edit(shipway: RealShipway, files: dict[str, str], *, deploy: bool = True) -> str:
    """Ask for other files; returns the deployment's id, or nothing."""
    answer = _insist(shipway.api.patch(f"{URL}/files", json={"set": files, "deploy": deploy}))
    made = answer.json()["deployment"]
    return str(made["id"]) if made else ""


def instances(shipway: RealShipway) -> dict[str, str]:
    """The addresses of those that run, by name."""
    label = f"label=shipway.installation={shipway.installation}"
    listed = ["docker", "ps", "-q", "--filter", label, "--filter", "label=shipway.process=web"]
    found = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()
    shown = subprocess.run(["docker", "inspect", *found], capture_output=True, text=True, check=bool(found)).stdout
    seen = json.loads(shown or "[]")
    return {
        each["Name"]: next(iter(each["NetworkSettings"]["Networks"].values()))["IPAddress"]
        for each in seen
        if each["State"]["Running"]
    }


def read(address: str, path: str) -> bytes:
    """What an instance sees there; nothing where there is no such file."""
    answer = httpx2.get(f"http://{address}:8080/{path}", timeout=10, trust_env=False)
    return answer.content if answer.status_code == 200 else b""


def _insist(answer: httpx2.Response) -> httpx2.Response:
    assert not answer.is_error, answer.text
    return answer
