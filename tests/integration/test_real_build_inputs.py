"""Everything that goes into a build, through a whole Shipway, and then looked for wherever it may have been left."""

import asyncio
import json
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.forward_proxy import ForwardProxy, forward_proxy
from tests.support.leaks import in_files, in_image, watched_processes
from tests.support.package_host import PYTHON_PACKAGE, USER, PackageHost, package_host
from tests.support.real import RealShipway, real_shipway

pytestmark = pytest.mark.heavy

CONFIG = "/workspaces/t/projects/t/environments/production/services/app/config"
APP = """\
import http.server, os
import acme_greeting

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{acme_greeting.TEXT}, LICENCE is {os.environ.get('LICENCE', 'not here')}".encode())

http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""


@pytest.fixture
def host(tmp_path: Path) -> Iterator[PackageHost]:
    with package_host(tmp_path, f"pw-{secrets.token_hex(8)}") as it:
        yield it


@pytest.fixture
def proxy() -> Iterator[ForwardProxy]:
    with forward_proxy(f"proxy-{secrets.token_hex(8)}") as it:
        yield it


@pytest.fixture
def shipway(proxy: ForwardProxy) -> Iterator[RealShipway]:
    with real_shipway(SHIPWAY_BUILD_HTTP_PROXY=proxy.url, SHIPWAY_BASES="airgapped") as it:
        yield it


async def test_a_deployment_uses_all_of_it_and_leaves_no_secret_anywhere(
    shipway: RealShipway, host: PackageHost, proxy: ForwardProxy, tmp_path: Path
) -> None:
    licence = f"licence-{secrets.token_hex(8)}"
    tree = tmp_path / "app"
    tree.mkdir()
    index = f"--index-url {host.url}/${{REPOSITORY}}/simple/\n--trusted-host {host.name}\n"
    (tree / "requirements.txt").write_text(f"{index}{PYTHON_PACKAGE}==1.0\n")
    (tree / "main.py").write_text(APP)
    shipway.create("app", {"source": {"kind": "upload"}, "settings": {"start_command": "python main.py"}})
    body = {"set": {"REPOSITORY": "pypi"}, "buildtime": {"REPOSITORY": True}, "build_secrets": {"LICENCE": licence}}
    assert shipway.api.patch(CONFIG, json=body).status_code == 200
    credential = {"username": USER, "password": host.password}
    assert shipway.api.put(f"/workspaces/t/registries/{host.host}", json=credential).status_code == 200

    sought = [licence, host.password, proxy.password]
    async with watched_processes(sought) as seen:
        deployment = await _deployed(shipway, tree)

    assert deployment["state"] == "live", deployment
    assert shipway.get("app-production-t.localhost").text == "from the private index, LICENCE is not here"
    assert any("/pypi/simple/" in line for line in proxy.passed) and host.served
    assert seen == []
    assert in_files(shipway.home, sought) == []
    assert in_image(_image_of(shipway), sought) == []
    told = [json.dumps(deployment), *(shipway.log(deployment["id"], step) for step in ("analyze", "build", "push"))]
    told += [shipway.api.get(CONFIG).text, shipway.api.get("/workspaces/t/registries").text, _inspected(shipway)]
    assert [text for text in told if any(secret in text for secret in sought)] == []

    shipway.api.put(f"/workspaces/t/registries/{host.host}", json=credential | {"password": "pw-that-is-wrong"})
    (tree / "requirements.txt").write_text(f"{index}{PYTHON_PACKAGE}\n")
    failed = await _deployed(shipway, tree)
    assert failed["failure"]["code"] == "registry-auth"
    assert f"shipway registries add {host.host} " in failed["failure"]["hint"]
    assert in_files(shipway.home, ["pw-that-is-wrong"]) == []


async def _deployed(shipway: RealShipway, tree: Path) -> dict[str, object]:
    digest = shipway.upload(tree)
    made = shipway.pipeline("deploy", "app", {"upload": digest})
    return await asyncio.to_thread(shipway.wait, made, timeout=600)


def _containers(shipway: RealShipway) -> list[str]:
    """Those of the app: instances, not the sandbox, whose daemon is told of the proxy."""
    command = ["docker", "ps", "-q", "--filter", f"label=shipway.installation={shipway.installation}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def _image_of(shipway: RealShipway) -> str:
    command = ["docker", "inspect", "--format", "{{.Config.Image}}", _containers(shipway)[0]]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _inspected(shipway: RealShipway) -> str:
    return subprocess.run(
        ["docker", "inspect", *_containers(shipway)], check=True, capture_output=True, text=True
    ).stdout
