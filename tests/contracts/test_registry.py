"""What every registry promises, on the fake and on the real server."""

import asyncio
import hashlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from tests.support.registry import free_port, token_service
from tests.support.registry_push import Pusher

from shipway.domain.credential import Credential
from shipway.domain.errors import NotFound
from shipway.registry.fake import FakeRegistry
from shipway.registry.registry import Registry
from shipway.registry.server import DistributionRegistry


@dataclass(frozen=True)
class World:
    """A registry, and a client's view of what a credential is good for there."""

    registry: Registry
    host: str
    #: `(credential, repository, action)`.
    allows: Callable[[Credential, str, str], Awaitable[bool]]
    #: Have an image of that content under a tag of `acme/shop`; returns its digest.
    push: Callable[[bytes, str], Awaitable[str]]


@pytest.fixture(params=["fake", "distribution"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    if request.param == "fake":
        pushed: dict[str, str] = {}
        fake = FakeRegistry("127.0.0.1:7701", pushed)

        async def fake_allows(credential: Credential, repository: str, action: str) -> bool:
            return fake.allows(credential, repository, action)

        async def fake_push(content: bytes, tag: str) -> str:
            digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
            pushed[f"127.0.0.1:7701/acme/shop:{tag}"] = digest
            return digest

        yield World(fake, "127.0.0.1:7701", fake_allows, fake_push)
        return
    if shutil.which("docker-registry") is None:
        pytest.skip("docker-registry is not installed")
    async with token_service() as service:
        port = free_port()
        real = DistributionRegistry(tmp_path, port, service.realm, "test")
        service.tokens = real.tokens

        async def really_allows(credential: Credential, repository: str, action: str) -> bool:
            return await _server_allows(f"http://127.0.0.1:{port}", service.realm, credential, repository, action)

        async def really_push(content: bytes, tag: str) -> str:
            credential = real.push_credential("acme", "shop")
            return await asyncio.to_thread(_push, f"http://127.0.0.1:{port}", service.realm, credential, content, tag)

        try:
            yield World(real, f"127.0.0.1:{port}", really_allows, really_push)
        finally:
            await real.shutdown()
            await real.close()


def _push(url: str, realm: str, credential: Credential, content: bytes, tag: str) -> str:
    return Pusher(url, realm, "acme/shop", credential).image(content, tag)


async def _server_allows(url: str, realm: str, credential: Credential, repository: str, action: str) -> bool:
    """Ask for a token as a client does, then do something on the server that needs `action`."""
    actions = "pull,push" if action == "push" else action
    async with httpx2.AsyncClient(trust_env=False) as http:
        answer = await http.get(
            realm,
            params={"service": "test-registry", "scope": f"repository:{repository}:{actions}"},
            auth=(credential.username, credential.password),
        )
        if answer.status_code == 401:
            return False
        headers = {"Authorization": f"Bearer {answer.json()['token']}"}
        if action == "push":
            tried = await http.post(f"{url}/v2/{repository}/blobs/uploads/", headers=headers)
        elif action == "delete":
            tried = await http.delete(f"{url}/v2/{repository}/manifests/sha256:{'0' * 64}", headers=headers)
        else:
            tried = await http.get(f"{url}/v2/{repository}/tags/list", headers=headers)
        assert tried.status_code in (202, 401, 404)
        return tried.status_code != 401


async def test_a_registry_that_runs_passes_its_check_again_and_again(world: World) -> None:
    await world.registry.check()
    await world.registry.check()


async def test_a_repository_is_the_registrys_host_the_workspace_and_the_name(world: World) -> None:
    assert world.registry.repository("acme", "shop.production.api") == f"{world.host}/acme/shop.production.api"


async def test_a_push_credential_pushes_there_alone_and_pulls_only_from_its_workspace(world: World) -> None:
    await world.registry.check()
    credential = world.registry.push_credential("acme", "shop")
    assert await world.allows(credential, "acme/shop", "push")
    assert await world.allows(credential, "acme/shop", "pull")
    assert not await world.allows(credential, "acme/shop", "delete")
    assert not await world.allows(credential, "acme/other", "push")
    assert await world.allows(credential, "acme/other", "pull")
    assert not await world.allows(credential, "rival/shop", "pull")
    assert not await world.allows(credential, "acmeagain/shop", "pull")


async def test_a_pull_credential_pulls_there_and_nowhere_else_and_never_pushes(world: World) -> None:
    await world.registry.check()
    credential = world.registry.pull_credential("acme", "shop")
    assert await world.allows(credential, "acme/shop", "pull")
    assert not await world.allows(credential, "acme/shop", "push")
    assert not await world.allows(credential, "acme/other", "pull")


async def test_a_made_up_credential_is_good_for_nothing(world: World) -> None:
    await world.registry.check()
    assert not await world.allows(Credential("shipway", "guessed"), "acme/shop", "pull")


async def test_a_credential_never_shows_its_password(world: World) -> None:
    credential = world.registry.push_credential("acme", "shop")
    assert credential.password
    assert credential.password not in repr(credential)


async def test_closing_leaves_the_registry_serving(world: World) -> None:
    await world.registry.check()
    credential = world.registry.pull_credential("acme", "shop")
    await world.registry.close()
    assert await world.allows(credential, "acme/shop", "pull")


async def test_a_registry_that_was_shut_down_is_started_again_by_the_next_check(world: World) -> None:
    await world.registry.check()
    await world.registry.shutdown()
    await world.registry.shutdown()
    await world.registry.check()
    assert await world.allows(world.registry.pull_credential("acme", "shop"), "acme/shop", "pull")


async def test_what_was_deleted_can_not_be_had_by_its_digest_nor_by_any_of_its_tags(world: World) -> None:
    await world.registry.check()
    digest = await world.push(b"one", "v1")
    assert await world.push(b"one", "v3") == digest
    other = await world.push(b"two", "v2")
    for _ in range(2):
        await world.registry.delete("acme", "shop", digest, ["v1", "v3"])
        for name in (digest, "v1", "v3"):
            with pytest.raises(NotFound):
                await world.registry.stored("acme", "shop", name)
    assert (await world.registry.stored("acme", "shop", "v2")).digest == other
    assert await world.push(b"one", "v4") == digest
    assert (await world.registry.stored("acme", "shop", "v4")).digest == digest


async def test_deleting_what_never_was_is_fine(world: World) -> None:
    await world.registry.check()
    await world.registry.delete("acme", "shop", f"sha256:{'0' * 64}", ["v1"])


async def test_whoever_holds_a_repository_holds_it_alone(world: World) -> None:
    order = []

    async def held(name: str) -> None:
        async with world.registry.held("acme", name):
            order.append(f"{name} begins")
            await asyncio.sleep(0)
            order.append(f"{name} ends")

    await asyncio.gather(held("a"), held("a"))
    assert order == ["a begins", "a ends"] * 2
