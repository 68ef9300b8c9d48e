"""What the store keeps for builds, on SQLite and on PostgreSQL alike: sealed, one workspace's own, lost with its key."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, insert, text
from tests.support.databases import database

from shipway.domain.clock import now
from shipway.domain.codec import encode
from shipway.domain.deployment import Failure
from shipway.domain.errors import Unavailable
from shipway.domain.names import ServicePath
from shipway.domain.registries import RegistryCredential
from shipway.domain.service import Service, ServiceSettings
from shipway.domain.source import ImageSource, Revision
from shipway.store import (
    build_secrets,
    builds,
    config,
    config_changes,
    deployments,
    registry_credentials,
    services,
    tenancy,
)
from shipway.store import tables as t
from shipway.store.database import Database, Tx
from shipway.store.schema import alembic_config, migrate
from shipway.store.sealing import KEY_FILE, sealer

ADA = RegistryCredential("npm.example.com", "ada", "of-the-registry")


@pytest.fixture(params=["sqlite", "postgres"])
async def db(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    server = request.getfixturevalue("postgres") if request.param == "postgres" else ""
    async with database(request.param, tmp_path, server) as made:
        yield made


async def a_service(tx: Tx) -> tuple[Service, str]:
    """A service, and its workspace's id."""
    workspace = await tenancy.create_workspace(tx, "acme")
    project = await tenancy.create_project(tx, workspace, "shop")
    environment = await tenancy.create_environment(tx, project, "production", "production")
    path = ServicePath("acme", "shop", "production", "api")
    made = await services.create(
        tx, environment, path, workspace_id=workspace.id, source=ImageSource("nginx"), settings=ServiceSettings()
    )
    return made, workspace.id


async def everything(tx: Tx) -> str:
    """All rows of all tables, as text."""
    return repr([list(await tx.execute(table.select())) for table in t.metadata.sorted_tables])


async def test_a_mark_for_builds_stays_until_it_is_changed(db: Database) -> None:
    async with db.write() as tx:
        service, _ = await a_service(tx)
        await config.change(tx, service, {"SITE": "a", "OTHER": "b"}, (), "ada", marks={"SITE": True})
        await config.change(tx, service, {"SITE": "c", "NEW": "d"}, (), "ada")
        assert await config.buildtime(tx, service) == ("SITE",)
        await config.change(tx, service, {}, (), "ada", marks={"SITE": False, "OTHER": True})
        assert await config.buildtime(tx, service) == ("OTHER",)
        await config.change(tx, service, {}, ["OTHER"], "ada")
        assert await config.buildtime(tx, service) == ()
        assert await config.merged(tx, service) == {"SITE": "c", "NEW": "d"}


async def test_build_secrets_are_opened_as_they_were_set_and_lie_there_sealed(db: Database, tmp_path: Path) -> None:
    async with db.write() as tx:
        service, _ = await a_service(tx)
        key = await sealer(tx, tmp_path)
        change = {"TOKEN": "of-the-token", "KEY": "begin\nkönig\nend"}
        await build_secrets.change(tx, service, key, values=change, unset=(), actor="ada")
        await build_secrets.change(tx, service, key, values={"TOKEN": "another"}, unset=["GONE"], actor="ada")
        assert await build_secrets.opened(tx, service.id, key) == change | {"TOKEN": "another"}
        assert await build_secrets.names(tx, service.id) == ("KEY", "TOKEN")
        assert await config.merged(tx, service) == {}
        there = await everything(tx)
    assert "another" not in there and "nig" not in there


async def test_a_credential_is_replaced_by_a_newer_one_for_its_host_and_removed_once(
    db: Database, tmp_path: Path
) -> None:
    async with db.write() as tx:
        _, workspace = await a_service(tx)
        key = await sealer(tx, tmp_path)
        newer = RegistryCredential(ADA.host, "bob", "of-bob", "image")
        for credential in (ADA, newer, RegistryCredential("a.example.com", "ada", "x")):
            await registry_credentials.put(tx, workspace, credential, key, "ada")
        assert (await registry_credentials.opened(tx, workspace, key))[1] == newer
        known = await registry_credentials.listed(tx, workspace)
        assert [(each.host, each.username, each.kind) for each in known][1] == (ADA.host, "bob", "image")
        assert "of-bob" not in await everything(tx)
        assert await registry_credentials.remove(tx, workspace, ADA.host) is True
        assert await registry_credentials.remove(tx, workspace, ADA.host) is False


async def test_a_credential_opens_for_its_own_workspace_only(db: Database, tmp_path: Path) -> None:
    async with db.write() as tx:
        _, workspace = await a_service(tx)
        other = await tenancy.create_workspace(tx, "blue")
        key = await sealer(tx, tmp_path)
        await registry_credentials.put(tx, workspace, ADA, key, "ada")
        assert await registry_credentials.opened(tx, other.id, key) == ()
        await tx.execute(t.registry_credentials.update().values(workspace_id=other.id))
        with pytest.raises(Unavailable, match="key"):
            await registry_credentials.opened(tx, other.id, key)


@pytest.mark.parametrize("what", ["registry", "secret"])
async def test_no_new_key_is_made_while_something_is_sealed_with_the_lost_one(
    db: Database, tmp_path: Path, what: str
) -> None:
    async with db.write() as tx:
        service, workspace = await a_service(tx)
        key = await sealer(tx, tmp_path)
        if what == "registry":
            await registry_credentials.put(tx, workspace, ADA, key, "ada")
        else:
            await build_secrets.change(tx, service, key, values={"A": "b"}, unset=(), actor="ada")
    (tmp_path / KEY_FILE).unlink()
    async with db.read() as tx:
        with pytest.raises(Unavailable, match=KEY_FILE) as error:
            await sealer(tx, tmp_path)
    assert "backup" in error.value.hint and not (tmp_path / KEY_FILE).exists()


async def test_a_key_is_made_once_and_only_its_owner_reads_it(db: Database, tmp_path: Path) -> None:
    async with db.read() as tx:
        sealed = (await sealer(tx, tmp_path)).seal("text", "about")
        assert (await sealer(tx, tmp_path)).open(sealed, "about") == "text"
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.glob(f"{KEY_FILE}*")] == [KEY_FILE]


async def test_a_damaged_key_is_told_and_left_alone(db: Database, tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_bytes(b"short")
    async with db.read() as tx:
        with pytest.raises(Unavailable, match="damaged"):
            await sealer(tx, tmp_path)
    assert (tmp_path / KEY_FILE).read_bytes() == b"short"


@pytest.mark.parametrize(("code", "state"), [("gave-up", "failed"), ("cancelled", "cancelled"), ("", "running")])
async def test_a_build_that_was_cut_off_ended_as_its_deployment_did(db: Database, code: str, state: str) -> None:
    async with db.write() as tx:
        service, _ = await a_service(tx)
        made = await deployments.create(
            tx, service.id, "deploy", trigger="cli", actor="ada", revision=Revision(), release_id=None
        )
        await builds.ensure(tx, service.id, made.id, revision="r", provider="node", dockerfile="FROM a\n")
        await builds.started(tx, made.id, arguments=(), secrets=())
        failure = Failure(code, "It ended.") if code else None
        await deployments.mark(tx, made.id, "running", failure=failure)
        (build,) = await builds.of_service(tx, service.id, limit=1)
        assert (build.state, build.failure) == (state, failure)

        await builds.pushed(tx, made.id, "sha256:a", 1)
        (build,) = await builds.of_service(tx, service.id, limit=1)
        assert (build.state, build.failure) == ("pushed", None)


async def a_service_of_old(tx: Tx) -> str:
    """With the columns that the first version had, and its id."""
    made = {"created_at": now()}
    await tx.execute(insert(t.workspaces).values(id="ws_1", slug="acme", **made))
    await tx.execute(insert(t.projects).values(id="prj_1", workspace_id="ws_1", slug="shop", **made))
    environment = {"id": "env_1", "project_id": "prj_1", "slug": "production", "kind": "production"}
    await tx.execute(insert(t.environments).values(environment | made))
    service = {
        "id": "svc_1",
        "environment_id": "env_1",
        "workspace_id": "ws_1",
        "slug": "api",
        "path": "acme/shop/production/api",
    }
    rest = {
        "source": encode(ImageSource("nginx")),
        "settings": {},
        "scale": {},
        "last_build": 0,
        "last_release": 0,
        "last_deployment": 0,
    }
    await tx.execute(insert(t.services).values(service | rest | made))
    return "svc_1"


async def test_config_vars_from_before_are_not_marked_for_builds(db: Database) -> None:
    def rebuild(connection: Connection) -> None:
        t.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))
        settings = alembic_config()
        settings.attributes["connection"] = connection
        command.upgrade(settings, "0001")

    async with db.write() as tx:
        await tx.run_sync(rebuild)
        old = await a_service_of_old(tx)
        row = {"service_id": old, "name": "OLD", "value": "v", "updated_at": now().isoformat(), "updated_by": "ada"}
        names = ", ".join(row)
        values = ", ".join(f":{name}" for name in row)
        await tx.execute(text(f"INSERT INTO config_vars ({names}) VALUES ({values})").bindparams(**row))
    await migrate(db)
    async with db.read() as tx:
        service = await services.get(tx, old)
        assert await config.merged(tx, service) == {"OLD": "v"}
        assert await config.buildtime(tx, service) == ()
        (first,) = await config_changes.listed(tx, service, limit=10)
        assert (first.name, first.value, first.change, first.actor) == ("OLD", "v", "set", "ada")
        assert first.at.isoformat() == row["updated_at"] and first.origin == "service"
