"""The store keeps its promises on SQLite and on PostgreSQL alike."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import IntegrityError
from tests.support.databases import database

from shipway.domain.deployment import Deployment, Failure
from shipway.domain.errors import Conflict
from shipway.domain.names import ServicePath
from shipway.domain.service import Service, ServiceSettings
from shipway.domain.source import ImageSource, Revision
from shipway.store import config, deployments, journal, queue, services, tenancy
from shipway.store import tables as t
from shipway.store.database import Database, Tx


@pytest.fixture(params=["sqlite", "postgres"])
async def db(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    server = request.getfixturevalue("postgres") if request.param == "postgres" else ""
    async with database(request.param, tmp_path, server) as made:
        yield made


async def a_service(tx: Tx, name: str = "api") -> Service:
    workspace = await tenancy.workspace(tx, "acme") or await tenancy.create_workspace(tx, "acme")
    project = await tenancy.project(tx, workspace, "shop") or await tenancy.create_project(tx, workspace, "shop")
    environment = await tenancy.environment(tx, project, "production") or await tenancy.create_environment(
        tx, project, "production", "production"
    )
    path = ServicePath("acme", "shop", "production", name)
    settings, source = ServiceSettings(), ImageSource("nginx")
    return await services.create(tx, environment, path, workspace_id=workspace.id, source=source, settings=settings)


async def a_queued_deployment(tx: Tx, service: Service) -> Deployment:
    made = await deployments.create(
        tx, service.id, "deploy", trigger="cli", actor="ada", revision=Revision(ref="main"), release_id=None
    )
    await queue.enqueue(tx, made.id, service.id)
    return made


async def test_the_migrations_lead_to_the_schema_in_the_code(db: Database) -> None:
    async with db.read() as tx:
        differences = await tx.run_sync(
            lambda connection: compare_metadata(MigrationContext.configure(connection), t.metadata)
        )
    assert differences == []


async def test_concurrent_counters_never_give_a_number_twice(db: Database) -> None:
    async with db.write() as tx:
        service = await a_service(tx)

    async def take() -> int:
        async with db.write() as tx:
            return await services.next_number(tx, service.id, "deployment")

    assert sorted(await asyncio.gather(*(take() for _ in range(60)))) == list(range(1, 61))


async def test_read_modify_write_loses_no_update(db: Database) -> None:
    async with db.write() as tx:
        service = await a_service(tx)
        await config.change(tx, service, {"COUNT": "0"}, (), "ada")

    async def increment() -> None:
        async with db.write() as tx:
            await services.next_number(tx, service.id, "build")
            count = int((await config.merged(tx, service))["COUNT"])
            await config.change(tx, service, {"COUNT": str(count + 1)}, (), "ada")

    await asyncio.gather(*(increment() for _ in range(40)))
    async with db.read() as tx:
        assert await config.merged(tx, service) == {"COUNT": "40"}


async def test_a_failing_transaction_leaves_nothing(db: Database) -> None:
    with pytest.raises(RuntimeError):
        async with db.write() as tx:
            await tenancy.create_workspace(tx, "acme")
            raise RuntimeError
    async with db.read() as tx:
        assert await tenancy.workspaces(tx) == []


async def test_a_conflict_is_told_and_the_transaction_goes_on(db: Database) -> None:
    async with db.write() as tx:
        await a_service(tx)
        with pytest.raises(Conflict, match="acme/shop/production/api"):
            await a_service(tx)
        await a_service(tx, "web")
    async with db.read() as tx:
        assert [service.path.service for service in await services.listed(tx)] == ["api", "web"]


async def test_a_host_leads_to_one_service_only(db: Database) -> None:
    async with db.write() as tx:
        one, other = await a_service(tx), await a_service(tx, "web")
        await services.set_hosts(tx, one.id, ["shop.example.com"])
        with pytest.raises(Conflict, match=r"shop\.example\.com"):
            await services.set_hosts(tx, other.id, ["shop.example.com"])
        assert (await services.get(tx, other.id)).hosts == ()


async def test_one_deployment_per_service_is_claimed_at_a_time(db: Database) -> None:
    async with db.write() as tx:
        service, other = await a_service(tx), await a_service(tx, "web")
        first = await a_queued_deployment(tx, service)
        second = await a_queued_deployment(tx, service)
        elsewhere = await a_queued_deployment(tx, other)

    async def claim() -> str | None:
        async with db.write() as tx:
            return await queue.claim(tx, "worker", limit=10)

    assert {await claim(), await claim(), await claim()} == {first.id, elsewhere.id, None}
    async with db.write() as tx:
        await queue.free_service(tx, first.id)
    assert await claim() == second.id


async def test_the_database_itself_refuses_a_second_claim_on_a_service(db: Database) -> None:
    async with db.write() as tx:
        service = await a_service(tx)
        for _ in range(2):
            await a_queued_deployment(tx, service)
    with pytest.raises(IntegrityError):
        async with db.write() as tx:
            await tx.execute(t.queue.update().values(status="claimed"))


async def test_workers_that_race_never_share_a_deployment(db: Database) -> None:
    async with db.write() as tx:
        for number in range(8):
            service = await a_service(tx, f"s{number}")
            await a_queued_deployment(tx, service)
            await a_queued_deployment(tx, service)

    async def work(name: str) -> list[str]:
        taken = []
        for _ in range(20):
            async with db.write() as tx:
                if claimed := await queue.claim(tx, name, limit=100):
                    taken.append(claimed)
        return taken

    taken = [claimed for each in await asyncio.gather(*(work(f"w{i}") for i in range(4))) for claimed in each]
    assert len(taken) == len(set(taken)) == 8


async def test_a_dead_workers_deployment_is_taken_over_and_the_dead_one_finds_out(db: Database) -> None:
    async with db.write() as tx:
        made = await a_queued_deployment(tx, await a_service(tx))
        assert await queue.claim(tx, "dead", limit=1) == made.id
        assert await queue.claim(tx, "alive", limit=1) is None
        await queue.expire_leases(tx)
        assert await queue.claim(tx, "alive", limit=1) == made.id
        assert await queue.renew(tx, made.id, "dead") is False
        assert await queue.renew(tx, made.id, "alive") is True


async def test_a_worker_is_never_given_what_it_works_on_already(db: Database) -> None:
    async with db.write() as tx:
        made = await a_queued_deployment(tx, await a_service(tx))
        assert await queue.claim(tx, "w", limit=9) == made.id
        await queue.expire_leases(tx)
        assert await queue.claim(tx, "w", limit=9, working=(made.id,)) is None
        assert await queue.claim(tx, "other", limit=9) == made.id


async def test_a_worker_at_its_limit_takes_no_new_deployment_but_still_takes_over(db: Database) -> None:
    async with db.write() as tx:
        first = await a_queued_deployment(tx, await a_service(tx))
        second = await a_queued_deployment(tx, await a_service(tx, "web"))
        assert await queue.claim(tx, "busy", limit=1) == first.id
        assert await queue.claim(tx, "busy", limit=1) is None
        assert await queue.claim(tx, "other", limit=1) == second.id
        await queue.expire_leases(tx)
        assert {await queue.claim(tx, "busy", limit=1), await queue.claim(tx, "busy", limit=1)} == {first.id, second.id}


async def test_the_journal_lists_all_steps_in_order_with_what_happened(db: Database) -> None:
    async with db.write() as tx:
        made = await a_queued_deployment(tx, await a_service(tx))
        await journal.skip(tx, made.id, ("clone", "analyze", "build", "push"))
        await journal.begin(tx, made.id, "release")
        await journal.complete(tx, made.id, "release", {"number": 3}, "v3")
        await journal.begin(tx, made.id, "deploy")
        await journal.fail(tx, made.id, "deploy", Failure("cannot-start", "It can't."))
        states = {step.name: step.state for step in await journal.steps(tx, made.id)}
        recorded = await journal.recorded(tx, made.id, "release")
        failed = await journal.recorded(tx, made.id, "deploy")
    assert list(states) == ["clone", "analyze", "build", "push", "release", "deploy", "health", "route", "finalize"]
    assert [states[name] for name in ("clone", "release", "deploy", "health")] == [
        "skipped",
        "complete",
        "error",
        "pending",
    ]
    assert recorded == ("complete", {"number": 3}, None)
    assert failed == ("error", None, Failure("cannot-start", "It can't."))


async def test_removing_a_service_removes_everything_of_it(db: Database) -> None:
    async with db.write() as tx:
        service = await a_service(tx)
        made = await a_queued_deployment(tx, service)
        await services.set_hosts(tx, service.id, ["a.example.com"])
        await config.change(tx, service, {"A": "1"}, (), "ada")
        await journal.begin(tx, made.id, "clone")
        await services.remove(tx, service.id)
        left = [
            table.name for table in t.metadata.sorted_tables if (await tx.execute(table.select())).first() is not None
        ]
    assert left == ["workspaces", "projects", "environments"]


async def test_a_cancelled_transaction_leaves_no_lock_behind(db: Database) -> None:
    async def write_for_ever() -> None:
        while True:
            async with db.write() as tx:
                await tenancy.workspaces(tx)

    for step in range(40):
        task = asyncio.create_task(write_for_ever())
        for _ in range(step):
            await asyncio.sleep(0)
        while not task.done():
            task.cancel()  # however often
            await asyncio.sleep(0)
    async with asyncio.timeout(3), db.write() as tx:
        await tenancy.create_workspace(tx, "acme")
