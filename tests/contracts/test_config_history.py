"""The history of config vars leads to the config vars, at every moment, on SQLite and on PostgreSQL alike."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.databases import database
from tests.support.variables import VALUES, Run, check_property

from shipway.domain.clock import now
from shipway.domain.config import Holder, fold
from shipway.domain.names import ServicePath
from shipway.domain.service import Service, ServiceSettings
from shipway.domain.source import ImageSource
from shipway.domain.tenancy import Environment
from shipway.store import config, config_changes, services, tenancy
from shipway.store.database import Database, Tx

Edits = list[tuple[str, dict[str, str], list[str], dict[str, bool]]]
NAMES = st.sampled_from(["A", "B", "C"])
#: Whose, what is set, what is unset, what is marked for builds or not.
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["environment", "api", "worker"]),
        st.dictionaries(NAMES, VALUES, max_size=3),
        st.lists(NAMES, max_size=2),
        st.dictionaries(NAMES, st.booleans(), max_size=2),
    ),
    max_size=12,
)


@pytest.fixture(params=["sqlite", "postgres"])
async def db(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    server = request.getfixturevalue("postgres") if request.param == "postgres" else ""
    async with database(request.param, tmp_path, server) as made:
        yield made


async def holders(tx: Tx) -> tuple[Environment, Service, Service]:
    """A new environment with two services."""
    workspace = await tenancy.create_workspace(tx, "acme")
    project = await tenancy.create_project(tx, workspace, "shop")
    environment = await tenancy.create_environment(tx, project, "production", "production")
    api, worker = [
        await services.create(
            tx,
            environment,
            ServicePath("acme", "shop", "production", name),
            workspace_id=workspace.id,
            source=ImageSource("nginx"),
            settings=ServiceSettings(),
        )
        for name in ("api", "worker")
    ]
    return environment, api, worker


class Undone(Exception):
    """Leaves nothing behind."""


async def test_the_changes_lead_to_the_config_at_every_moment(db: Database) -> None:
    def property_of(run: Run) -> Callable[[], None]:
        @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(EDITS)
        def holds(edits: Edits) -> None:
            run(check_history(db, edits))

        return holds

    await check_property(property_of)


async def check_history(db: Database, edits: Edits) -> None:
    """Make the edits, then look back at the moment after each; nothing of it is left."""
    with pytest.raises(Undone):
        async with db.write() as tx:
            environment, api, worker = await holders(tx)
            by_name: dict[str, Holder] = {"environment": environment, "api": api, "worker": worker}
            seen = []
            for whose, values, unset, marks in edits:
                await config.change(tx, by_name[whose], values, unset, "ada", marks=marks)
                seen.append((now(), [await config.effective(tx, holder) for holder in by_name.values()]))
            for moment, then in seen:
                folded = [fold(await config_changes.until(tx, holder, moment)) for holder in by_name.values()]
                assert folded == then
            raise Undone


async def test_what_does_not_change_is_not_written_down(db: Database) -> None:
    async with db.write() as tx:
        _, api, _ = await holders(tx)
        await config.change(tx, api, {"A": "1", "B": "2"}, (), "ada")
        await config.change(tx, api, {"A": "1", "B": "3"}, (), "bob")
        changes = await config_changes.listed(tx, api, limit=10)
        assert [(each.name, each.value, each.actor) for each in changes] == [
            ("B", "3", "bob"),
            ("B", "2", "ada"),
            ("A", "1", "ada"),
        ]


async def test_a_change_that_is_undone_is_in_no_history(db: Database) -> None:
    async with db.write() as tx:
        _, api, _ = await holders(tx)
    with pytest.raises(Undone):
        async with db.write() as tx:
            await config.change(tx, api, {"A": "1"}, (), "ada")
            raise Undone
    async with db.read() as tx:
        assert await config_changes.listed(tx, api, limit=10) == []
        assert await config.own(tx, api) == {}


async def test_what_many_change_at_once_is_written_down_in_the_order_in_which_it_took_effect(db: Database) -> None:
    async with db.write() as tx:
        environment, api, _ = await holders(tx)

    async def write(holder: Holder, value: str) -> None:
        async with db.write() as tx:
            await config.change(tx, holder, {"A": value, "B": value}, (), "ada")

    await asyncio.gather(*(write(holder, str(value)) for value in range(20) for holder in (environment, api)))

    async with db.read() as tx:
        for holder in (environment, api):
            assert fold(await config_changes.until(tx, holder, now())) == await config.effective(tx, holder)


async def test_a_services_own_come_before_its_environments(db: Database) -> None:
    async with db.write() as tx:
        environment, api, worker = await holders(tx)
        await config.change(tx, environment, {"A": "shared", "B": "shared"}, (), "ada", marks={"A": True, "B": True})
        await config.change(tx, api, {"A": "own"}, (), "ada")

        assert await config.merged(tx, api) == {"A": "own", "B": "shared"}
        assert await config.buildtime(tx, api) == ("B",)
        assert await config.merged(tx, worker) == {"A": "shared", "B": "shared"}
        await config.change(tx, api, {}, ["A"], "ada")
        assert await config.merged(tx, api) == {"A": "shared", "B": "shared"}
