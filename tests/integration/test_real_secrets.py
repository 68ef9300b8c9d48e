"""Secrets on the real Docker: they arrive byte by byte, and are nowhere but in the instance that they are for."""

import asyncio
import json
import secrets
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from tests.support.docker import execute, inspect
from tests.support.images import BUSYBOX, ensure_test_image
from tests.support.leaks import in_files, watched_processes
from tests.support.real import RealShipway, real_shipway
from tests.support.waiting import wait_until

SERVICE = "/workspaces/t/projects/t/environments/production/services/app"
SECRETS = "/workspaces/t/projects/t/environments/production/secrets"
#: It tells everything, and serves.
TELLS = "env; cat /run/secrets/key.pem; printf %s $URL | fold -w 20; echo; exec httpd -f -p 8080 -h /www"


@pytest.fixture
def shipway() -> Iterator[RealShipway]:
    asyncio.run(ensure_test_image())
    with real_shipway() as made:
        yield made


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout


def instance_of(shipway: RealShipway) -> str:
    [name] = docker(
        "ps", "--filter", f"name=^/{shipway.installation}.t.t.production.app", "--format", "{{.Names}}"
    ).split()
    return name


def deployed(shipway: RealShipway) -> dict[str, object]:
    return shipway.wait(shipway.pipeline("deploy", "app"), timeout=120)


async def test_a_secret_arrives_as_it_is_and_is_nowhere_else(shipway: RealShipway) -> None:
    mark = secrets.token_hex(8)
    dsn = f"postgres://ada:\"p'w $HOME={mark}é@db/x?a=b&c=d"
    pem = f"-----BEGIN KEY-----\nMIIEvQ-{mark}\n-----END KEY-----\n"
    settings = {"start_command": TELLS, "port": 8080, "keep_warm": 0}
    shipway.create("app", {"source": {"kind": "image", "reference": BUSYBOX}, "settings": settings})
    async with watched_processes([mark]) as seen:
        for name, value in (("DSN", dsn), ("KEY", pem)):
            shipway.api.put(f"{SECRETS}/{name}", json={"value": value}).raise_for_status()
        bound = {"variables": {"URL": "DSN"}, "files": {"key.pem": "KEY"}}
        shipway.api.patch(f"{SERVICE}/secrets", json=bound).raise_for_status()
        made = await asyncio.to_thread(deployed, shipway)
        assert made["state"] == "live", made

        container = instance_of(shipway)
        assert (await execute(container, "sh", "-c", 'printf %s "$URL"')) == dsn
        assert (await execute(container, "cat", "/run/secrets/key.pem")) == pem
    assert seen == []

    logs = shipway.api.get(f"{SERVICE}/logs").text
    assert "URL=•••" in logs and "SHIPWAY_SERVICE=app" in logs and "-----BEGIN KEY-----" not in logs
    found = await inspect(container)
    own = [line for line in found["Config"].pop("Env") if mark in line]
    assert own == [f"URL={dsn}"]
    shipway.api.post("/sealing-key/rotate").raise_for_status()
    told = [logs, json.dumps(made), json.dumps(found)]
    told += [shipway.log(str(made["id"]), step) for step in ("release", "deploy", "health", "route", "finalize")]
    told += [shipway.api.get(url).text for url in (SECRETS, f"{SERVICE}/secrets", f"{SERVICE}/config", SERVICE)]
    told += [shipway.api.get(f"{SERVICE}/releases").text, shipway.api.get(f"/deployments/{made['id']}/events").text]
    assert [text for text in told if mark in text] == []
    assert in_files(shipway.home, [mark]) == []


def test_after_a_reboot_the_files_are_there_again_before_the_app_begins(shipway: RealShipway) -> None:
    settings = {"start_command": "cat /run/secrets/key && exec httpd -f -p 8080 -h /www", "port": 8080, "keep_warm": 0}
    shipway.create("app", {"source": {"kind": "image", "reference": BUSYBOX}, "settings": settings})
    shipway.api.put(f"{SECRETS}/KEY", json={"value": "of-the-key"}).raise_for_status()
    shipway.api.patch(f"{SERVICE}/secrets", json={"files": {"key": "KEY"}}).raise_for_status()
    assert deployed(shipway)["state"] == "live"
    container = instance_of(shipway)

    # What a reboot does: Shipway ends, memory is empty, and Docker starts by itself what ran before.
    shipway.kill()
    shutil.rmtree(json.loads(docker("inspect", container))[0]["Mounts"][0]["Source"])
    again = subprocess.run(["docker", "restart", "-t", "0", container], capture_output=True, text=True)
    assert again.returncode != 0, "Docker started it without its files"
    assert json.loads(docker("inspect", container))[0]["State"]["Status"] == "exited"

    shipway.start()
    wait_until(lambda: shipway.get("app-production-t.localhost").status_code == 200, timeout=60)
    assert docker("exec", container, "cat", "/run/secrets/key") == "of-the-key"
