"""The real registry server with a real engine: who gets in, and what survives."""

import asyncio
import hashlib
import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiodocker
import httpx2
import pytest
from tests.support.registry import TokenService, free_port, load_scratch_image, token_service
from tests.support.registry_push import Pusher

from shipway.domain.credential import Credential
from shipway.domain.errors import Unavailable
from shipway.registry.keys import ensure_key
from shipway.registry.server import DistributionRegistry
from shipway.registry.tokens import Tokens

pytestmark = pytest.mark.skipif(shutil.which("docker-registry") is None, reason="docker-registry is not installed")


class Denied(Exception):
    """The registry, or its token service, said no."""


@dataclass
class Stack:
    """A registry that runs, with its token service."""

    home: Path
    port: int
    service: TokenService
    registry: DistributionRegistry

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return int((self.home / "registry/registry.pid").read_text())

    def another(self, *, port: int = 0, realm: str = "") -> DistributionRegistry:
        """The same registry as the next Shipway process sees it, perhaps with other settings."""
        return DistributionRegistry(self.home, port or self.port, realm or self.service.realm, "test")

    def expired(self, repository: str) -> Credential:
        """A credential that was good until a second ago."""
        key = ensure_key(self.home / "registry")
        then = Tokens(key, issuer="test", service="test-registry", clock=lambda: time.time() - 601)
        return then.credential(repository, ("pull", "push"))


@dataclass
class Client:
    """An engine with one image of its own to push."""

    docker: aiodocker.Docker
    image: str
    host: str

    async def push(self, repository: str, credential: Credential | None) -> None:
        name = f"{self.host}/{repository}"
        await self.docker.images.tag(self.image, name, tag="v1")
        try:
            await _drain(self.docker.images.push(name, auth=_auth(credential), tag="v1", stream=True))
        finally:
            await self.docker.images.delete(f"{name}:v1")

    async def pull(self, repository: str, credential: Credential | None) -> None:
        reference = f"{self.host}/{repository}:v1"
        await _drain(self.docker.images.pull(reference, auth=_auth(credential), stream=True))
        await self.docker.images.delete(reference)


async def _drain(events: AsyncIterator[dict[str, str]]) -> None:
    try:
        async for _ in events:
            pass
    except aiodocker.DockerError as error:
        raise Denied(error.message) from error


def _auth(credential: Credential | None) -> dict[str, str] | None:
    return credential and {"username": credential.username, "password": credential.password}


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[Stack]:
    async with token_service() as service:
        port = free_port()
        registry = DistributionRegistry(tmp_path, port, service.realm, "test")
        service.tokens = registry.tokens
        try:
            await registry.check()
            yield Stack(tmp_path, port, service, registry)
        finally:
            await registry.shutdown()
            await registry.close()


@pytest.fixture
async def client(stack: Stack) -> AsyncIterator[Client]:
    async with aiodocker.Docker() as docker:
        try:
            await docker.version()
        except aiodocker.DockerError:
            pytest.skip("no Docker engine answers")
        image = f"shipway-test/scratch-{secrets.token_hex(6)}:1"
        await load_scratch_image(docker, image, secrets.token_bytes(100))
        yield Client(docker, image, f"127.0.0.1:{stack.port}")
        await docker.images.delete(image, force=True)


async def test_the_engine_pushes_and_pulls_with_our_credentials(stack: Stack, client: Client) -> None:
    await client.push("acme/shop", stack.registry.push_credential("acme", "shop"))
    await client.pull("acme/shop", stack.registry.pull_credential("acme", "shop"))


async def test_no_credential_and_no_wrong_one_gets_an_image_in_or_out(stack: Stack, client: Client) -> None:
    await client.push("acme/shop", stack.registry.push_credential("acme", "shop"))
    elsewhere = stack.registry.push_credential("rival", "other")
    for credential in (None, Credential("shipway", "guessed"), stack.expired("acme/shop"), elsewhere):
        with pytest.raises(Denied):
            await client.push("acme/shop", credential)
        with pytest.raises(Denied):
            await client.pull("acme/shop", credential)
    with pytest.raises(Denied):
        await client.push("acme/shop", stack.registry.pull_credential("acme", "shop"))


async def test_a_user_reaches_the_images_of_their_own_workspace_alone(stack: Stack, client: Client) -> None:
    stack.service.users = {"swp_ada": "acme", "swp_eve": "rival"}
    await client.push("acme/shop", Credential("ada", "swp_ada"))
    await client.pull("acme/shop", Credential("ada", "swp_ada"))
    with pytest.raises(Denied):
        await client.pull("acme/shop", Credential("eve", "swp_eve"))
    with pytest.raises(Denied):
        await client.push("acme/shop", Credential("eve", "swp_eve"))


async def test_a_login_succeeds_with_a_right_password_alone(stack: Stack, client: Client) -> None:
    stack.service.users = {"swp_ada": "acme"}

    async def login(password: str) -> int:
        login = {"username": "ada", "password": password, "serveraddress": f"127.0.0.1:{stack.port}"}
        async with client.docker.session.post(f"{client.docker.docker_host}/auth", json=login) as answer:
            return answer.status

    assert await login("swp_ada") == 200
    assert await login("wrong") in (401, 500)


async def test_a_layer_of_another_workspace_cannot_be_had_by_naming_it(stack: Stack, client: Client) -> None:
    await client.push("acme/shop", stack.registry.push_credential("acme", "shop"))
    eve = stack.registry.push_credential("rival", "shop")
    async with httpx2.AsyncClient(trust_env=False) as http:
        layers = [path.parent.name for path in (stack.home / "registry/storage").rglob("_layers/sha256/*/link")]
        scopes = ["repository:rival/shop:pull,push", "repository:acme/shop:pull"]
        answer = await http.get(stack.service.realm, params={"scope": scopes}, auth=(eve.username, eve.password))
        bearer = {"Authorization": f"Bearer {answer.json()['token']}"}
        for layer in layers:
            mount = {"mount": f"sha256:{layer}", "from": "acme/shop"}
            tried = await http.post(f"{stack.url}/v2/rival/shop/blobs/uploads/", params=mount, headers=bearer)
            assert tried.status_code != 201
    assert layers


async def test_the_catalog_is_nobodys_to_read(stack: Stack) -> None:
    stack.service.users = {"swp_ada": "acme"}
    async with httpx2.AsyncClient(trust_env=False) as http:
        assert (await http.get(f"{stack.url}/v2/_catalog")).status_code == 401
        answer = await http.get(stack.service.realm, params={"scope": "registry:catalog:*"}, auth=("ada", "swp_ada"))
        bearer = {"Authorization": f"Bearer {answer.json()['token']}"}
        assert (await http.get(f"{stack.url}/v2/", headers=bearer)).status_code == 200
        assert (await http.get(f"{stack.url}/v2/_catalog", headers=bearer)).status_code == 401


async def test_images_survive_the_server_being_killed(stack: Stack, client: Client) -> None:
    await client.push("acme/shop", stack.registry.push_credential("acme", "shop"))
    first = stack.pid
    os.kill(first, signal.SIGKILL)
    await stack.registry.check()
    assert stack.pid != first
    await client.pull("acme/shop", stack.registry.pull_credential("acme", "shop"))


async def test_the_next_shipway_finds_the_server_and_its_key_again(stack: Stack, client: Client) -> None:
    credential = stack.registry.push_credential("acme", "shop")
    await stack.registry.close()
    before = stack.pid
    successor = stack.another()
    await successor.check()
    assert stack.pid == before
    stack.service.tokens = successor.tokens
    await client.push("acme/shop", credential)
    await successor.close()


async def test_changed_settings_restart_the_server(stack: Stack) -> None:
    moved = stack.another(port=free_port(), realm="http://127.0.0.1:1/elsewhere")
    before = stack.pid
    await moved.check()
    assert stack.pid != before
    async with httpx2.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"http://{moved.repository('', '').split('/')[0]}/v2/")
        with pytest.raises(httpx2.ConnectError):
            await http.get(f"{stack.url}/v2/")
    assert 'realm="http://127.0.0.1:1/elsewhere"' in answer.headers["WWW-Authenticate"]
    await moved.close()


async def test_a_new_key_restarts_the_server_which_then_trusts_it(stack: Stack, client: Client) -> None:
    (stack.home / "registry/token.key").unlink()
    renewed = stack.another()
    await renewed.check()
    stack.service.tokens = renewed.tokens
    await client.push("acme/shop", renewed.push_credential("acme", "shop"))
    await renewed.close()


async def test_a_port_that_is_taken_is_named_with_its_setting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        registry = DistributionRegistry(tmp_path, port, "http://127.0.0.1:1/token", "test")
        with pytest.raises(Unavailable, match=f"Port {port}.*taken") as error:
            await registry.check()
        assert "registry_port" in error.value.hint
        await registry.close()
    assert not (tmp_path / "registry/registry.pid").exists()


async def test_a_machine_without_the_server_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    registry = DistributionRegistry(tmp_path, free_port(), "http://127.0.0.1:1/token", "test")
    with pytest.raises(Unavailable) as error:
        await registry.check()
    assert "apt-get install docker-registry" in error.value.hint
    await registry.shutdown()
    await registry.close()


async def test_a_server_that_ends_at_once_is_reported_with_what_it_said(tmp_path: Path) -> None:
    registry = DistributionRegistry(tmp_path, free_port(), "http://127.0.0.1:1/token", "test")
    ensure_key(tmp_path / "registry").bundle.write_text("not a certificate")
    with pytest.raises(Unavailable, match=r"said: .*certificate"):
        await registry.check()
    await registry.close()


async def test_no_secret_is_readable_by_others_or_written_to_the_log(stack: Stack, client: Client) -> None:
    credential = stack.registry.push_credential("acme", "shop")
    await client.push("acme/shop", credential)
    with pytest.raises(Denied):
        await client.push("acme/other", credential)
    log = (stack.home / "registry/registry.log").read_text()
    assert "Bearer" not in log
    assert "eyJ" not in log
    for name in ("config.yml", "token.key"):
        assert stat.S_IMODE((stack.home / "registry" / name).stat().st_mode) == 0o600


async def test_shutdown_stops_the_server_and_may_be_repeated(stack: Stack) -> None:
    await stack.registry.shutdown()
    await stack.registry.shutdown()
    async with httpx2.AsyncClient(trust_env=False) as http:
        with pytest.raises(httpx2.ConnectError):
            await http.get(f"{stack.url}/v2/")
    await stack.registry.check()


async def test_with_a_deleted_image_its_index_and_attestations_go_and_no_other(stack: Stack) -> None:
    def pushed() -> tuple[Pusher, list[tuple[str, str, str]]]:
        pusher = Pusher(stack.url, stack.service.realm, "acme/shop", stack.registry.push_credential("acme", "shop"))
        # The same image built twice: another index each time, as its attestations tell the time.
        return pusher, [pusher.attested(b"same", f"at {tag}".encode(), tag) for tag in ("v1", "v2")]

    pusher, made = await asyncio.to_thread(pushed)
    other = await asyncio.to_thread(pusher.attested, b"other", b"at v3", "v3")
    # Somebody moved one of our tags: what it leads to now is theirs.
    moved = await asyncio.to_thread(pusher.image, b"theirs", "v4")
    assert made[0][1] == made[1][1]

    await stack.registry.delete("acme", "shop", made[0][1], ["v1", "v2", "v4"])

    def there(*names: str) -> list[bool]:
        return [pusher.has(name) for name in names]

    gone = ["v1", "v2", *made[0], *made[1]]
    assert await asyncio.to_thread(there, *gone) == [False] * len(gone)
    assert await asyncio.to_thread(there, "v3", *other, "v4", moved) == [True] * 6

    # Its layers are on the disk until garbage is collected, with nothing running; what was not deleted is whole after it.
    blobs = stack.home / "registry/storage/docker/registry/v2/blobs/sha256"
    before = {each.name for each in blobs.glob("*/*")}
    await stack.registry.shutdown()
    collect = ["docker-registry", "garbage-collect", str(stack.home / "registry/config.yml")]
    await asyncio.to_thread(subprocess.run, collect, check=True, capture_output=True)
    await stack.registry.check()
    after = {each.name for each in blobs.glob("*/*")}
    layers = {hashlib.sha256(content).hexdigest() for content in (b"same", b"at v1", b"at v2")}
    assert layers <= before
    assert not layers & after
    assert await asyncio.to_thread(there, "v3", *other, "v4", moved) == [True] * 6
