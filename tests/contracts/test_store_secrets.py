"""What the store keeps of secrets, on SQLite and on PostgreSQL alike."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select, update
from tests.support.databases import database

from shipway.domain.errors import SecretMissing, SecretRevoked, Unavailable
from shipway.domain.names import ServicePath
from shipway.domain.registries import RegistryCredential
from shipway.domain.secret import secret_reference
from shipway.domain.service import Service, ServiceSettings
from shipway.domain.source import ImageSource
from shipway.domain.tenancy import Environment
from shipway.store import (
    build_secrets,
    config,
    registry_credentials,
    resealing,
    sealing_keys,
    secret_bindings,
    secrets,
    services,
    tenancy,
)
from shipway.store import tables as t
from shipway.store.database import Database, Tx
from shipway.store.sealing import KEY_FILE, Sealer, sealer
from shipway.store.secret_bindings import Bindings


@pytest.fixture(params=["sqlite", "postgres"])
async def db(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    server = request.getfixturevalue("postgres") if request.param == "postgres" else ""
    async with database(request.param, tmp_path, server) as made:
        yield made


async def a_service(tx: Tx) -> Service:
    workspace = await tenancy.create_workspace(tx, "acme")
    project = await tenancy.create_project(tx, workspace, "shop")
    environment = await tenancy.create_environment(tx, project, "production", "production")
    path = ServicePath("acme", "shop", "production", "api")
    source, settings = ImageSource("nginx"), ServiceSettings()
    return await services.create(tx, environment, path, workspace_id=workspace.id, source=source, settings=settings)


async def put(tx: Tx, service: Service, name: str, value: str, key: Sealer) -> int:
    return await secrets.put(tx, service.environment_id, name, value, key, actor="ada")


async def opened(tx: Tx, service: Service, reference: str, key: Sealer) -> str:
    return await secrets.opened(tx, service.environment_id, secret_reference(reference), key)


async def everything(tx: Tx) -> str:
    """All rows of all tables, as text."""
    return repr([list(await tx.execute(table.select())) for table in t.metadata.sorted_tables])


async def test_each_version_opens_as_it_was_set_and_lies_there_sealed(db: Database, tmp_path: Path) -> None:
    async with db.write() as tx:
        service = await a_service(tx)
        key = await sealer(tx, tmp_path)
        assert [await put(tx, service, "DSN", value, key) for value in ("first-dsn", "second\nköniglich")] == [1, 2]
        assert await opened(tx, service, "DSN@1", key) == "first-dsn"
        assert (
            await opened(tx, service, "DSN", key) == await opened(tx, service, "DSN@latest", key) == "second\nköniglich"
        )
        there = await everything(tx)
        versions = (await secrets.listed(tx, service.environment_id))["DSN"]
    assert "first-dsn" not in there and "niglich" not in there
    assert [(each.version, each.created_by, each.revoked_at) for each in versions] == [
        (2, "ada", None),
        (1, "ada", None),
    ]


async def test_a_revoked_version_is_gone_for_ever_and_says_so(db: Database, tmp_path: Path) -> None:
    async with db.write() as tx:
        service = await a_service(tx)
        key = await sealer(tx, tmp_path)
        await put(tx, service, "DSN", "one", key)
        await put(tx, service, "DSN", "two", key)
        await secrets.revoke(tx, service.environment_id, "DSN", 2, "bob")
        await secrets.revoke(tx, service.environment_id, "DSN", 2, "eve")
        for reference in ("DSN@2", "DSN", "DSN@latest"):
            with pytest.raises(SecretRevoked, match="version 2"):
                await opened(tx, service, reference, key)
        assert await opened(tx, service, "DSN@1", key) == "one"
        assert await secrets.all_opened(tx, service.environment_id, key) == ["one"]
        assert (await secrets.listed(tx, service.environment_id))["DSN"][0].revoked_by == "bob"
        query = select(t.secret_versions.c.sealed).where(t.secret_versions.c.version == 2)
        assert (await tx.execute(query)).scalar_one() == ""


@pytest.mark.parametrize("reference", ["NONE", "NONE@1", "NONE@latest", "DSN@2"])
async def test_what_does_not_exist_is_told_by_name(db: Database, tmp_path: Path, reference: str) -> None:
    async with db.write() as tx:
        service = await a_service(tx)
        key = await sealer(tx, tmp_path)
        await put(tx, service, "DSN", "one", key)
        with pytest.raises(SecretMissing, match=reference.partition("@")[0]):
            await opened(tx, service, reference, key)
        with pytest.raises(SecretMissing):
            await secrets.pinned(tx, service.environment_id, secret_reference(reference))


async def test_a_number_is_not_given_again_to_a_secret_that_comes_back(db: Database, tmp_path: Path) -> None:
    async with db.write() as tx:
        service = await a_service(tx)
        key = await sealer(tx, tmp_path)
        await put(tx, service, "DSN", "one", key)
        await secrets.remove(tx, service.environment_id, "DSN", "ada")
        assert await secrets.listed(tx, service.environment_id) == {}
        assert await put(tx, service, "DSN", "another", key) == 2
        with pytest.raises(SecretMissing):
            await opened(tx, service, "DSN@1", key)


async def test_versions_set_at_once_each_have_a_number_of_their_own(db: Database, tmp_path: Path) -> None:
    async with db.write() as tx:
        service = await a_service(tx)
        await put(tx, service, "DSN", "first", await sealer(tx, tmp_path))

    async def again(value: str) -> tuple[int, str]:
        async with db.write() as tx:
            return await put(tx, service, "DSN", value, await sealer(tx, tmp_path)), value

    made = await asyncio.gather(*(again(f"value-{each}") for each in range(10)))
    assert sorted(version for version, _ in made) == list(range(2, 12))
    async with db.read() as tx:
        key = await sealer(tx, tmp_path)
        assert [await opened(tx, service, f"DSN@{version}", key) for version, _ in made] == [value for _, value in made]


async def test_a_value_opens_as_its_own_version_only(db: Database, tmp_path: Path) -> None:
    async with db.write() as tx:
        service = await a_service(tx)
        key = await sealer(tx, tmp_path)
        await put(tx, service, "DSN", "one", key)
        await put(tx, service, "DSN", "two", key)
        table = t.secret_versions
        old = (await tx.execute(select(table.c.sealed).where(table.c.version == 1))).scalar_one()
        await tx.execute(update(table).where(table.c.version == 2).values(sealed=old))
        with pytest.raises(Unavailable, match="secret:"):
            await opened(tx, service, "DSN@2", key)


async def test_bindings_take_the_place_of_values_and_a_service_s_own_that_of_its_environment(
    db: Database, tmp_path: Path
) -> None:
    async with db.write() as tx:
        service = await a_service(tx)
        await config.change(tx, service, {"DSN": "raw", "OWN": "mine"}, (), "ada")
        home = Environment(service.environment_id, "", "production", "production", service.created_at)
        for name in ("OWN", "SHARED"):
            await secret_bindings.bind(tx, home, "variable", name, f"{name}@latest", actor="ada")
        assert await secret_bindings.own(tx, home) == Bindings({"OWN": "OWN@latest", "SHARED": "SHARED@latest"})
        await secret_bindings.bind(tx, service, "variable", "DSN", "DSN@3", actor="ada")
        await secret_bindings.bind(tx, service, "file", "key.pem", "KEY", actor="ada")
        assert await secret_bindings.effective(tx, service) == Bindings(
            {"DSN": "DSN@3", "SHARED": "SHARED@latest"}, {"key.pem": "KEY"}
        )
        assert await config.merged(tx, service) == {"OWN": "mine"}
        await secret_bindings.bind(tx, service, "variable", "OWN", "", actor="ada")
        assert await config.merged(tx, service) == {"OWN": "mine"}
        await secret_bindings.bind(tx, service, "variable", "DSN", "", actor="ada")
        await secret_bindings.bind(tx, service, "file", "key.pem", "", actor="ada")
        assert await secret_bindings.own(tx, service) == Bindings({}, {})
        await secret_bindings.bind(tx, home, "variable", "SHARED", "", actor="ada")
        assert await secret_bindings.effective(tx, service) == Bindings({}, {})


async def test_every_change_is_written_down_without_a_value(db: Database, tmp_path: Path) -> None:
    async with db.write() as tx:
        service = await a_service(tx)
        key = await sealer(tx, tmp_path)
        await put(tx, service, "DSN", "of-the-dsn", key)
        await secret_bindings.bind(tx, service, "variable", "URL", "DSN", actor="bob")
        await secret_bindings.bind(tx, service, "file", "dsn", "DSN@1", actor="bob")
        await secret_bindings.bind(tx, service, "file", "dsn", "", actor="bob")
        await secrets.revoke(tx, service.environment_id, "DSN", 1, "eve")
        await secrets.remove(tx, service.environment_id, "DSN", "eve")
        rows = (await tx.execute(t.config_changes.select().order_by(t.config_changes.c.id))).all()
    assert [(row.kind, row.name, row.change, row.reference, row.actor) for row in rows] == [
        ("secret", "DSN", "set", "DSN@1", "ada"),
        ("variable", "URL", "set", "DSN", "bob"),
        ("secret-file", "dsn", "set", "DSN@1", "bob"),
        ("secret-file", "dsn", "unset", "", "bob"),
        ("secret", "DSN", "revoked", "DSN@1", "eve"),
        ("secret", "DSN", "unset", "", "eve"),
    ]
    assert {row.value for row in rows} == {""}
    assert [row.service_id is None for row in rows] == [True, False, False, False, True, True]


async def sealed_things(db: Database, home: Path) -> Service:
    """Something in each table that holds sealed values, one of them revoked."""
    async with db.write() as tx:
        service = await a_service(tx)
        key = await sealer(tx, home)
        await put(tx, service, "DSN", "revoked", key)
        await put(tx, service, "DSN", "of-the-dsn", key)
        await secrets.revoke(tx, service.environment_id, "DSN", 1, "ada")
        await build_secrets.change(tx, service, key, values={"TOKEN": "of-the-token"}, unset=(), actor="ada")
        credential = RegistryCredential("npm.example.com", "ada", "of-the-registry")
        await registry_credentials.put(tx, service.workspace_id, credential, key, "ada")
    return service


async def assert_all_opens(db: Database, home: Path, service: Service) -> None:
    async with db.read() as tx:
        key = await sealer(tx, home)
        assert await opened(tx, service, "DSN", key) == "of-the-dsn"
        assert await build_secrets.opened(tx, service.id, key) == {"TOKEN": "of-the-token"}
        [credential] = await registry_credentials.opened(tx, service.workspace_id, key)
        assert credential.password == "of-the-registry"


async def test_a_rotation_seals_everything_anew_and_the_old_key_opens_nothing(db: Database, tmp_path: Path) -> None:
    service = await sealed_things(db, tmp_path)
    old = sealing_keys.load(tmp_path / KEY_FILE)
    assert await resealing.rotate_key(db, tmp_path) == 3
    await assert_all_opens(db, tmp_path, service)
    new = sealing_keys.load(tmp_path / KEY_FILE)
    assert list(new.by_number) == [2] and new.by_number[2] != old.by_number[1]
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.glob(f"{KEY_FILE}*")] == [KEY_FILE]
    async with db.read() as tx:
        with pytest.raises(Unavailable):
            await opened(tx, service, "DSN", Sealer(old))
    await resealing.rotate_key(db, tmp_path)
    await assert_all_opens(db, tmp_path, service)


class Crash(BaseException):
    """The end of the process."""


@pytest.mark.parametrize("at", range(5))
async def test_a_rotation_that_is_cut_off_anywhere_leaves_everything_to_be_opened_and_can_be_ended(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    service = await sealed_things(db, tmp_path)
    left, save, seal = at, sealing_keys.save, Sealer.seal

    def crash_here() -> None:
        nonlocal left
        if left == 0:
            raise Crash
        left -= 1

    def crashing_save(path: Path, keys: sealing_keys.Keys) -> None:
        crash_here()
        save(path, keys)

    def crashing_seal(self: Sealer, text: str, about: str) -> str:
        crash_here()
        return seal(self, text, about)

    with monkeypatch.context() as patch:
        patch.setattr(sealing_keys, "save", crashing_save)
        patch.setattr(Sealer, "seal", crashing_seal)
        with pytest.raises(Crash):
            await resealing.rotate_key(db, tmp_path)
    await assert_all_opens(db, tmp_path, service)
    await resealing.rotate_key(db, tmp_path)
    await assert_all_opens(db, tmp_path, service)
    assert list(sealing_keys.load(tmp_path / KEY_FILE).by_number) == [2]


async def test_what_is_sealed_while_the_key_rotates_can_be_opened(db: Database, tmp_path: Path) -> None:
    service = await sealed_things(db, tmp_path)

    async def again(value: str) -> None:
        async with db.write() as tx:
            key = await sealer(tx, tmp_path)
            await asyncio.sleep(0)
            await put(tx, service, "OTHER", value, key)

    values = [f"value-{each}" for each in range(12)]
    await asyncio.gather(*(again(value) for value in values), *(resealing.rotate_key(db, tmp_path) for _ in range(2)))
    async with db.read() as tx:
        key = await sealer(tx, tmp_path)
        found = [await opened(tx, service, f"OTHER@{version}", key) for version in range(1, 13)]
    assert sorted(found) == sorted(values)


async def test_no_new_key_is_made_while_a_secret_is_sealed_with_the_lost_one(db: Database, tmp_path: Path) -> None:
    async with db.write() as tx:
        service = await a_service(tx)
        await put(tx, service, "DSN", "x", await sealer(tx, tmp_path))
    (tmp_path / KEY_FILE).unlink()
    async with db.write() as tx:
        with pytest.raises(Unavailable, match="secret_versions"):
            await sealer(tx, tmp_path)
        # Of what was revoked nothing is left that a lost key could open.
        await secrets.revoke(tx, service.environment_id, "DSN", 1, "ada")
        await sealer(tx, tmp_path)


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 34, b"\x00" + b"k" * 32, (b"\x01" + b"k" * 32) * 2])
def test_a_damaged_file_of_keys_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / KEY_FILE).write_bytes(content)
    with pytest.raises(Unavailable, match="damaged"):
        sealing_keys.load(tmp_path / KEY_FILE)
