"""What the store keeps of limits, on SQLite and on PostgreSQL alike: an environment's, and what its services say."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, insert, text
from tests.support.databases import database

from shipway.domain.clock import now
from shipway.domain.codec import encode
from shipway.domain.process import Limits, Resources
from shipway.domain.source import ImageSource
from shipway.store import services, tenancy
from shipway.store import tables as t
from shipway.store.database import Database, Tx
from shipway.store.schema import alembic_config, migrate

GIB = 2**30


@pytest.fixture(params=["sqlite", "postgres"])
async def db(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    server = request.getfixturevalue("postgres") if request.param == "postgres" else ""
    async with database(request.param, tmp_path, server) as made:
        yield made


async def services_of_old(tx: Tx, said: dict[str, Resources]) -> None:
    """With the columns that there were before environments had limits; by their names."""
    made = {"created_at": now()}
    await tx.execute(insert(t.workspaces).values(id="ws_1", slug="acme", **made))
    await tx.execute(insert(t.projects).values(id="prj_1", workspace_id="ws_1", slug="shop", **made))
    home = {"id": "env_1", "project_id": "prj_1", "slug": "production", "kind": "production"}
    await tx.execute(insert(t.environments).values(home | made))
    counters = {"scale": {}, "last_build": 0, "last_release": 0, "last_deployment": 0}
    for name, resources in said.items():
        place = {
            "environment_id": "env_1",
            "workspace_id": "ws_1",
            "slug": name,
            "path": f"acme/shop/production/{name}",
        }
        rest = {"source": encode(ImageSource("nginx")), "settings": {"resources": encode(resources)}}
        await tx.execute(insert(t.services).values({"id": name, **place, **rest, **counters, **made}))


async def test_what_was_at_the_default_is_the_environments_and_what_was_set_stays(db: Database) -> None:
    def rebuild(connection: Connection) -> None:
        t.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))
        settings = alembic_config()
        settings.attributes["connection"] = connection
        command.upgrade(settings, "0006")

    async with db.write() as tx:
        await tx.run_sync(rebuild)
        await services_of_old(tx, {"plain": Resources(), "large": Resources(memory=GIB, pids=5)})
    await migrate(db)
    async with db.read() as tx:
        plain, large = await services.get(tx, "plain"), await services.get(tx, "large")
    assert plain.in_effect.resources == Resources() and large.in_effect.resources == Resources(memory=GIB, pids=5)
    given = Limits(4 * GIB, 2.5)
    assert replace(plain, limits=given).in_effect.resources == Resources(memory=4 * GIB, cpus=2.5)
    assert replace(large, limits=given).in_effect.resources == Resources(memory=GIB, cpus=2.5, pids=5)


async def test_an_environments_limits_are_kept_and_its_services_know_them(db: Database) -> None:
    async with db.write() as tx:
        await services_of_old(tx, {"plain": Resources()})
        await tenancy.set_limits(tx, "env_1", Limits(8 * GIB, 0.5))
    async with db.read() as tx:
        assert (await services.get(tx, "plain")).limits == Limits(8 * GIB, 0.5)
        assert [each.limits for each in await services.listed(tx)] == [Limits(8 * GIB, 0.5)]
