"""The store's one-off runs, on SQLite and on PostgreSQL: one attendant each, and one end."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.contracts.test_store import a_service
from tests.support.databases import database

from shipway.domain.clock import now
from shipway.domain.one_off import OneOff
from shipway.store import one_off_runs, services
from shipway.store.database import Database


@pytest.fixture(params=["sqlite", "postgres"])
async def db(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    server = request.getfixturevalue("postgres") if request.param == "postgres" else ""
    async with database(request.param, tmp_path, server) as made:
        yield made


async def a_run(db: Database) -> OneOff:
    async with db.write() as tx:
        service = await a_service(tx)
        return await one_off_runs.create(
            tx,
            service.id,
            ("echo", "a b"),
            release_id="rel_1",
            release=3,
            process="web",
            attached=False,
            actor="ada",
            trigger="cli",
            timeout=60,
        )


async def test_a_run_is_kept_as_it_was_asked_for(db: Database) -> None:
    run = await a_run(db)
    async with db.read() as tx:
        assert await one_off_runs.find(tx, run.id) == run
        assert await one_off_runs.of_service(tx, run.service_id) == [run]
        assert await one_off_runs.count_unfinished(tx, run.service_id) == 1


async def test_of_many_one_attends(db: Database) -> None:
    run = await a_run(db)

    async def claim() -> bool:
        async with db.write() as tx:
            return await one_off_runs.claim(tx, run.id)

    assert sorted(await asyncio.gather(*(claim() for _ in range(8)))) == [False] * 7 + [True]
    async with db.write() as tx:
        assert await one_off_runs.unattended(tx) == []
        await one_off_runs.release(tx, run.id)
        assert [each.id for each in await one_off_runs.unattended(tx)] == [run.id]


async def test_what_was_said_of_its_end_first_stays(db: Database) -> None:
    run = await a_run(db)
    async with db.write() as tx:
        await one_off_runs.ask_to_stop(tx, run.id, "ada")
        await one_off_runs.ask_to_stop(tx, run.id, "bob")
        await one_off_runs.finish(tx, run.id, "stopped", exit_code=143, reason="Stopped by ada.")
        await one_off_runs.finish(tx, run.id, "exited", exit_code=0)
        ended = await one_off_runs.find(tx, run.id)
        assert ended
        assert (ended.state, ended.exit_code, ended.stopped_by) == ("stopped", 143, "ada")
        assert not await one_off_runs.claim(tx, run.id)
        assert await one_off_runs.count_unfinished(tx, run.service_id) == 0


async def test_only_what_has_been_over_for_long_is_forgotten_and_all_goes_with_the_service(db: Database) -> None:
    over, under_way = await a_run(db), None
    async with db.write() as tx:
        await one_off_runs.finish(tx, over.id, "exited", exit_code=0)
        service = await services.get(tx, over.service_id)
        under_way = await one_off_runs.create(
            tx,
            service.id,
            ("true",),
            release_id="rel_1",
            release=3,
            process="web",
            attached=True,
            actor="ada",
            trigger="cli",
            timeout=60,
        )
        assert await one_off_runs.purge(tx, now() - timedelta(days=1)) == []
        assert await one_off_runs.purge(tx, now() + timedelta(days=1)) == [over.id]
        assert [each.id for each in await one_off_runs.unfinished(tx)] == [under_way.id]
        await services.remove(tx, service.id)
        assert await one_off_runs.unfinished(tx) == []
