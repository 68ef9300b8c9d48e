"""What Shipway asks of whoever keeps the values of secrets, of the store's own vault and of the one over HTTP alike."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.databases import database
from tests.support.vault_server import vault_server

from shipway.domain.errors import Conflict, NotFound, SecretMissing, SecretRevoked
from shipway.domain.names import EnvironmentPath
from shipway.domain.secret import SecretHome, SecretVersion, secret_reference
from shipway.store import deletion, secrets, tenancy
from shipway.store.database import Database, Tx
from shipway.vault.kv import KvClient, KvPlace
from shipway.vault.login import GivenToken
from shipway.vault.openbao import OpenBaoVault
from shipway.vault.sealed import SealedVault
from shipway.vault.vault import Vault


@dataclass(frozen=True)
class World:
    """A vault, and an environment to have secrets in."""

    vault: Vault
    db: Database
    home: SecretHome

    async def put(self, value: str, name: str = "DSN") -> int:
        return await self.vault.put(self.home, name, value, actor="ada")

    async def opened(self, text: str) -> str:
        reference = secret_reference(text)
        return (await self.vault.opened(self.home, [reference]))[reference]

    async def pinned(self, text: str) -> str:
        await self.vault.look(self.home)
        async with self.db.read() as tx:
            return str(await secrets.pinned(tx, self.home.environment_id, secret_reference(text)))

    async def versions(self, name: str = "DSN") -> tuple[SecretVersion, ...]:
        await self.vault.look(self.home)
        async with self.db.read() as tx:
            return (await secrets.listed(tx, self.home.environment_id)).get(name, ())

    async def revoke(self, version: int, name: str = "DSN") -> None:
        await self.vault.revoke(self.home, name, version, actor="eve")

    async def remove(self, name: str = "DSN") -> None:
        await self.vault.remove(self.home, name, actor="eve", check=_no_objection)


async def _no_objection(tx: Tx) -> None:
    pass


async def environment(db: Database, name: str = "production") -> SecretHome:
    async with db.write() as tx:
        workspace = await tenancy.workspace(tx, "acme") or await tenancy.create_workspace(tx, "acme")
        project = await tenancy.project(tx, workspace, "shop") or await tenancy.create_project(tx, workspace, "shop")
        made = await tenancy.create_environment(tx, project, name, "production")
    return SecretHome(made.id, EnvironmentPath("acme", "shop", name))


@pytest.fixture(params=["sealed", "http"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    async with database("sqlite", tmp_path, "") as db, vault_server() as server:
        client = KvClient(KvPlace(server.url), GivenToken(text=server.issue()))
        vault: Vault = SealedVault(db, tmp_path) if request.param == "sealed" else OpenBaoVault(db, client)
        await vault.prepare()
        yield World(vault, db, await environment(db))
        await client.close()


async def test_each_version_opens_as_it_was_put(world: World) -> None:
    assert [await world.put(value) for value in ("first", "second\nköniglich\n")] == [1, 2]
    assert await world.opened("DSN@1") == "first"
    assert await world.opened("DSN") == await world.opened("DSN@latest") == "second\nköniglich\n"
    assert (await world.pinned("DSN"), await world.pinned("DSN@latest")) == ("DSN@2", "DSN@latest")
    assert [(each.version, each.created_by) for each in await world.versions()] == [(2, "ada"), (1, "ada")]


@pytest.mark.parametrize("reference", ["OTHER", "OTHER@latest", "DSN@2"])
async def test_what_is_not_there_is_missing(world: World, reference: str) -> None:
    await world.put("first")
    with pytest.raises(SecretMissing):
        await world.opened(reference)
    with pytest.raises(SecretMissing):
        await world.pinned(reference)


async def test_a_revoked_version_is_gone_for_ever_and_no_older_one_comes_in_its_place(world: World) -> None:
    await world.put("first")
    await world.put("second")
    await world.revoke(2)
    await world.revoke(2)
    for reference in ("DSN", "DSN@2", "DSN@latest"):
        with pytest.raises(SecretRevoked):
            await world.opened(reference)
        with pytest.raises(SecretRevoked):
            await world.pinned(reference)
    assert await world.opened("DSN@1") == "first"
    newest = (await world.versions())[0]
    assert newest.revoked_at and newest.revoked_by == "eve"
    assert await world.put("third") == 3
    assert await world.pinned("DSN") == "DSN@3"


async def test_to_revoke_what_is_not_there_is_an_error(world: World) -> None:
    await world.put("first")
    for name, version in (("DSN", 2), ("OTHER", 1)):
        with pytest.raises(SecretMissing):
            await world.revoke(version, name)


async def test_a_secret_that_was_removed_is_missing_and_its_numbers_are_never_given_again(world: World) -> None:
    await world.put("first")
    await world.put("second")
    await world.remove()
    assert await world.versions() == ()
    with pytest.raises(SecretMissing):
        await world.pinned("DSN")
    with pytest.raises((SecretMissing, SecretRevoked)):
        await world.opened("DSN@2")
    with pytest.raises(SecretMissing):
        await world.remove()
    assert await world.put("third") == 3
    assert [each.version for each in await world.versions()] == [3]
    with pytest.raises(SecretMissing):
        await world.pinned("DSN@1")


async def test_what_objects_to_a_removal_keeps_the_value(world: World) -> None:
    await world.put("first")

    async def object_to_it(tx: Tx) -> None:
        raise Conflict("It is used.")

    with pytest.raises(Conflict, match="It is used"):
        await world.vault.remove(world.home, "DSN", actor="eve", check=object_to_it)
    assert await world.opened("DSN@1") == "first"
    assert [each.version for each in await world.versions()] == [1]


async def test_all_values_that_can_be_had_are_known_to_be_secret(world: World) -> None:
    await world.put("first")
    await world.put("second")
    await world.put("-----KEY-----", "TLS_KEY")
    assert sorted(await world.vault.all_opened(world.home)) == ["-----KEY-----", "first", "second"]
    await world.revoke(1)
    assert sorted(await world.vault.all_opened(world.home)) == ["-----KEY-----", "second"]


async def test_an_environment_has_its_own_and_nothing_is_left_when_it_goes(world: World) -> None:
    other = await environment(world.db, "staging")
    await world.put("first")
    await world.vault.put(other, "DSN", "of-staging", actor="ada")
    assert await world.opened("DSN") == "first"
    for _ in range(2):
        await world.vault.forget(world.home)
    async with world.db.write() as tx:
        await deletion.remove_environment(tx, world.home.environment_id)
    again = World(world.vault, world.db, await environment(world.db))
    assert await again.versions() == ()
    assert await again.vault.all_opened(again.home) == []
    assert await World(world.vault, world.db, other).opened("DSN@1") == "of-staging"
    with pytest.raises(NotFound):
        await world.vault.put(world.home, "DSN", "too late", actor="ada")


async def test_who_changed_what_is_history(world: World) -> None:
    await world.put("first")
    await world.revoke(1)
    await world.remove()
    async with world.db.read() as tx:
        rows = (await tx.execute(secrets.t.config_changes.select())).all()
    assert [(row.change, row.reference, row.actor, row.value) for row in rows] == [
        ("set", "DSN@1", "ada", ""),
        ("revoked", "DSN@1", "eve", ""),
        ("unset", "", "eve", ""),
    ]
