"""Why live instances ended, on every database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.contracts.test_store import a_queued_deployment, a_service
from tests.support.databases import database

from shipway.domain.artifacts import Target
from shipway.domain.clock import now
from shipway.domain.restart import Restart
from shipway.store import restarts, rollouts
from shipway.store.database import Database, Tx


@pytest.fixture(params=["sqlite", "postgres"])
async def db(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    server = request.getfixturevalue("postgres") if request.param == "postgres" else ""
    async with database(request.param, tmp_path, server) as made:
        yield made


async def a_rollout(tx: Tx) -> tuple[str, str]:
    service = await a_service(tx)
    made = await a_queued_deployment(tx, service)
    await rollouts.ensure(tx, made.id, service.id, (Target("web.1", "10.0.0.2", 80),), ("web.1",))
    other = await a_queued_deployment(tx, service)
    return made.id, other.id


async def test_the_last_end_is_kept_and_hangs_are_counted(db: Database) -> None:
    at = now()
    async with db.write() as tx:
        mine, _ = await a_rollout(tx)
        for reason, hung in (("hung", True), ("exit code 1", False), ("hung", True), ("exit code 2", False)):
            await restarts.record(tx, mine, "web.1", at=at, reason=reason, hung=hung)
    async with db.read() as tx:
        assert await restarts.of_rollout(tx, mine) == {"web.1": Restart(at, "exit code 2", hung=2)}


async def test_it_goes_with_its_rollout_to_another_deployment_and_away(db: Database) -> None:
    async with db.write() as tx:
        mine, other = await a_rollout(tx)
        await restarts.record(tx, mine, "web.1", at=now(), reason="exit code 1")
        await rollouts.set_state(tx, mine, "warm")
        assert await rollouts.adopt(tx, other, mine, {"web.1"})
    async with db.write() as tx:
        assert await restarts.of_rollout(tx, mine) == {}
        assert set(await restarts.of_rollout(tx, other)) == {"web.1"}
        await rollouts.remove(tx, other)
    async with db.read() as tx:
        assert await restarts.of_rollout(tx, other) == {}
