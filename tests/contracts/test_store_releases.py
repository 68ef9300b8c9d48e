"""A release's row never changes, on SQLite and on PostgreSQL alike."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.contracts.test_store import a_queued_deployment, a_service
from tests.support.databases import database

from shipway.domain.artifacts import Image
from shipway.domain.origin import ImageOrigin
from shipway.domain.process import ProcessType
from shipway.domain.release import Given, Release, refuse_changed
from shipway.domain.service import ServiceSettings
from shipway.store import releases
from shipway.store.database import Database


@pytest.fixture(params=["sqlite", "postgres"])
async def db(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    server = request.getfixturevalue("postgres") if request.param == "postgres" else ""
    async with database(request.param, tmp_path, server) as made:
        yield made


@pytest.fixture
async def release(db: Database) -> Release:
    async with db.write() as tx:
        service = await a_service(tx)
        deployment = await a_queued_deployment(tx, service)
        return await releases.ensure(
            tx,
            service.id,
            deployment.id,
            image=Image("r/a@sha256:1", "sha256:1", "v1", 1),
            given=Given({"A": "ü\n$=\"'"}, {"KEY": "KEY@1"}),
            processes=(ProcessType("web", "serve"),),
            port=8080,
            settings=ServiceSettings(stop_grace=5, stop_graces={"web": 7}),
            release_command="",
            revision="abc",
            derived_from=3,
            image_from=ImageOrigin("rel_0", "acme/shop/staging/api", 3),
        )


async def test_a_release_comes_back_as_it_was_made(db: Database, release: Release) -> None:
    async with db.read() as tx:
        back = await releases.get(tx, release.id)
    assert back == release
    assert back.image_from == ImageOrigin("rel_0", "acme/shop/staging/api", 3)
    assert len(back.hash) == 64
    refuse_changed(back)


@pytest.mark.parametrize("column", ["config", "image", "hash", "settings", "number", "derived_from"])
async def test_the_database_itself_refuses_to_change_a_release(db: Database, release: Release, column: str) -> None:
    with pytest.raises(DBAPIError, match="a release never changes"):
        async with db.write() as tx:
            await tx.execute(text(f"UPDATE releases SET {column} = {column}"))
    async with db.read() as tx:
        assert await releases.get(tx, release.id) == release
