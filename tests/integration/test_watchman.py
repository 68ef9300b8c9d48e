"""Live instances that are not ready, hang or crash: what becomes of their requests, of them, and of what one sees."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from tests.support.stack import PATH, Stack, fake_stack

from shipway.domain.deployment import Deployment
from shipway.domain.probe import Liveness, Probe, ProbeType
from shipway.domain.service import ServiceSettings
from shipway.domain.source import ImageSource
from shipway.domain.workload import InstanceEvent, Owner
from shipway.engines.fake import Behaviour, never_listens, serves
from shipway.operations import services
from shipway.operations.deployments import scale
from shipway.operations.services import ServiceView
from shipway.store import restarts, rollouts
from shipway.worker.condition import is_live, record_restart, set_readiness
from shipway.worker.janitor import Janitor
from shipway.worker.watchman import Watchman

HOST = "api-production-shop.localhost"
STRICT = ServiceSettings(probe=Probe(path="/ready", interval=5, timeout=60), keep_warm=0)
WATCHED = replace(STRICT, liveness=Liveness(path="/livez", interval=10, failures=3))
HUNG = never_listens()


@dataclass
class World:
    """A stack with a service of two live instances, its watchman, and the watchman's clock."""

    stack: Stack
    live: Deployment
    watchman: Watchman
    #: What accepts connections, where the probe is no HTTP one.
    deaf: set[str] = field(default_factory=set)
    time: float = 1000.0

    def names(self) -> list[str]:
        return [f"acme.shop.production.api.v1.d1.web.{ordinal}" for ordinal in (1, 2)]

    async def pass_by(self, seconds: float) -> None:
        """Let time go by, the watchman looking each second."""
        for _ in range(int(seconds)):
            self.time += 1
            await self.watchman.round()

    async def served_by(self) -> set[str]:
        """The instances that a few requests reach."""
        return {str(await self.stack.router.request(HOST)) for _ in range(8)}

    async def view(self) -> ServiceView:
        return await services.get_service(self.stack.platform, self.stack.actor, PATH)

    async def exited(self, name: str, code: int) -> None:
        """Its app ends, and the watchman hears of it as the engine would tell."""
        self.stack.engine.crash(name, code)
        await self.watchman.heard(InstanceEvent(name, Owner("", self.live.id), "exited", code))

    async def with_another_watchman(self) -> None:
        """As after a restart of Shipway."""
        self.watchman = self._watchman()
        await self.watchman.round()

    def _watchman(self) -> Watchman:
        async def accepts(address: str, port: int, *, timeout: float) -> bool:
            return address not in self.deaf

        return Watchman(self.stack.platform, clock=lambda: self.time, accepts=accepts)


@asynccontextmanager
async def a_world(
    directory: Path, settings: ServiceSettings = STRICT, app: Behaviour | None = None
) -> AsyncIterator[World]:
    async with fake_stack(directory, settings=settings, source=ImageSource("app:1")) as stack:
        stack.engine.behaviours["app:1"] = app or serves()
        await scale(stack.platform, stack.actor, PATH, {"web": 2})
        made = await stack.deploy()
        await stack.work()
        world = World(stack, await stack.deployment(made.id), Watchman(stack.platform))
        await world.with_another_watchman()
        assert await world.served_by() == set(world.names())
        yield world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path) as made:
        yield made


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path, WATCHED) as made:
        await made.pass_by(15)  # each has passed once
        yield made


async def test_one_that_is_not_ready_gets_no_requests_until_it_is(world: World) -> None:
    first, second = world.names()
    world.stack.engine.behave(first, serves(503))
    await world.pass_by(20)
    assert await world.served_by() == {second}
    view = await world.view()
    assert (view.state, view.vitals.unready) == ("degraded", {first})

    world.stack.engine.behave(first, serves())
    await world.pass_by(3)
    assert await world.served_by() == {first, second}
    assert (await world.view()).state == "running"


async def test_a_failure_now_and_then_takes_nobody_out(world: World) -> None:
    first, _ = world.names()
    for _ in range(5):
        world.stack.engine.behave(first, serves(503))
        await world.pass_by(9)  # fails at most twice
        world.stack.engine.behave(first, serves())
        await world.pass_by(6)
        assert len(await world.served_by()) == 2


async def test_where_none_is_ready_all_get_requests(world: World) -> None:
    for name in world.names():
        world.stack.engine.behave(name, serves(503))
    await world.pass_by(30)
    assert await world.served_by() == set(world.names())
    assert (await world.view()).vitals.unready == set(world.names())


async def test_a_restart_of_shipway_forgets_nobody_who_is_out(world: World) -> None:
    first, second = world.names()
    world.stack.engine.behave(first, serves(503))
    await world.pass_by(20)

    await world.with_another_watchman()
    await world.pass_by(20)
    assert await world.served_by() == {second}
    world.stack.engine.behave(first, serves())
    await world.pass_by(6)
    assert await world.served_by() == {first, second}


async def test_the_proxy_follows_as_soon_as_it_answers_again(world: World) -> None:
    first, second = world.names()
    world.stack.engine.behave(first, serves(503))
    world.stack.router.available = False
    await world.pass_by(20)
    world.stack.router.available = True
    await world.stack.platform.routes.reconcile()
    assert await world.served_by() == {second}


async def test_the_instances_of_a_deployment_that_is_live_no_more_are_left_alone(world: World) -> None:
    first, _ = world.names()
    world.stack.engine.behave(first, serves(503))
    await world.pass_by(9)
    await world.stack.deploy()
    await world.stack.work()
    await world.pass_by(30)
    async with world.stack.database.read() as tx:
        assert all(not each.unready for each in await rollouts.live(tx))
    assert all(".d2.web." in name for name in await world.served_by())
    assert (await world.view()).state == "running"


async def test_what_came_too_late_changes_nothing(tmp_path: Path) -> None:
    async with a_world(tmp_path, replace(STRICT, keep_warm=60)) as world:
        first, _ = world.names()
        await world.stack.deploy()
        await world.stack.work()
        assert not await set_readiness(world.stack.platform, world.live.id, first, ready=False)
        assert not await is_live(world.stack.platform, world.live.id, first)
        await record_restart(world.stack.platform, first, "exit code 1")
        async with world.stack.database.read() as tx:
            old = await rollouts.find(tx, world.live.id)
            assert old and old.state == "warm" and not old.unready
            assert await restarts.of_rollout(tx, world.live.id) == {}


async def test_what_passed_weakly_is_asked_for_a_connection_only(tmp_path: Path) -> None:
    async with a_world(tmp_path, ServiceSettings(keep_warm=0), serves(404)) as world:
        first, second = world.names()
        assert world.live.weakly_verified
        world.stack.engine.behave(first, serves(500))
        await world.pass_by(30)
        assert await world.served_by() == {first, second}
        world.deaf = {each.address for each in (await world.view()).instances if each.name == first}
        await world.pass_by(30)
        assert await world.served_by() == {second}


async def test_the_default_path_counts_where_it_passed(tmp_path: Path) -> None:
    async with a_world(tmp_path, ServiceSettings(keep_warm=0)) as world:
        first, second = world.names()
        world.stack.engine.behave(first, serves(paths={"/_health/": 503}))
        await world.pass_by(30)
        assert await world.served_by() == {second}


@pytest.mark.parametrize("kind", ["tcp", "none"])
async def test_other_kinds_of_probe_go_on_too(tmp_path: Path, kind: ProbeType) -> None:
    async with a_world(tmp_path, ServiceSettings(probe=Probe(kind), keep_warm=0)) as world:
        first, second = world.names()
        world.deaf = {each.address for each in (await world.view()).instances if each.name == first}
        await world.pass_by(30)
        assert await world.served_by() == ({second} if kind == "tcp" else {first, second})


async def test_one_that_never_has_to_be_ready_stays(tmp_path: Path) -> None:
    async with a_world(tmp_path, replace(STRICT, probe=replace(STRICT.probe, failures=0))) as world:
        world.stack.engine.behave(world.names()[0], serves(503))
        await world.pass_by(40)
        assert len(await world.served_by()) == 2


async def test_one_that_hangs_is_started_again_and_told_about(watched: World) -> None:
    first, second = watched.names()
    watched.stack.engine.behave(first, serves(paths={"/livez": 500}))
    await watched.pass_by(45)
    assert await watched.served_by() == {first, second}
    view = await watched.view()
    [instance] = [each for each in view.instances if each.name == first]
    assert view.state == "degraded"  # for a while, so that somebody sees it
    assert view.vitals.restarts_of(instance) == 1
    assert view.vitals.restarts[first].reason == "failed /livez 3 times in a row"
    assert instance.state == "running"


async def test_one_that_is_started_again_gets_no_requests_until_it_is_ready(watched: World) -> None:
    first, second = watched.names()
    seen = []

    async def at_restart(verb: str, when: str) -> None:
        if verb == "restart":
            seen.append(await watched.served_by())

    watched.stack.engine.intercept = at_restart
    watched.stack.engine.behave(first, HUNG)
    await watched.pass_by(45)
    assert seen == [{second}, {second}]
    assert await watched.served_by() == {first, second}


async def test_a_slow_start_is_no_hanging(watched: World) -> None:
    first, _ = watched.names()

    async def slowly(verb: str, when: str) -> None:
        if (verb, when) == ("restart", "after"):
            watched.stack.engine.behave(first, HUNG)

    watched.stack.engine.intercept = slowly
    watched.stack.engine.behave(first, HUNG)
    await watched.pass_by(80)
    assert (await watched.view()).vitals.restarts[first].hung == 1
    await watched.pass_by(40)  # by now it should have come up
    assert (await watched.view()).vitals.restarts[first].hung == 2


async def test_where_the_engine_is_away_the_next_try_succeeds(watched: World) -> None:
    first, _ = watched.names()
    watched.stack.engine.behave(first, serves(paths={"/livez": 500}))
    watched.stack.engine.available = False
    await watched.pass_by(45)
    watched.stack.engine.available = True
    await watched.pass_by(30)
    assert (await watched.view()).vitals.restarts[first].hung == 1


async def test_without_a_liveness_path_nothing_is_ever_started_again(world: World) -> None:
    world.stack.engine.behave(world.names()[0], HUNG)
    await world.pass_by(600)
    view = await world.view()
    assert not view.vitals.restarts


async def test_one_that_crashes_gets_no_requests_until_it_is_back_and_its_end_is_told(world: World) -> None:
    first, second = world.names()
    await world.exited(first, 3)
    assert await world.served_by() == {second}
    view = await world.view()
    assert (view.state, view.vitals.restarts[first].reason) == ("degraded", "exit code 3")


async def test_after_a_restart_of_ours_that_nobody_heard_of_a_crash_is_one_again(watched: World) -> None:
    first, second = watched.names()
    watched.stack.engine.behave(first, serves(paths={"/livez": 500}))
    await watched.pass_by(60)
    assert (await watched.view()).vitals.restarts[first].hung == 1
    await watched.exited(first, 3)
    assert await watched.served_by() == {second}
    assert (await watched.view()).vitals.restarts[first].reason == "exit code 3"


async def test_a_worker_that_runs_out_of_memory_is_told_as_that(world: World) -> None:
    first, _ = world.names()
    world.stack.engine.behave(first, replace(serves(), oom_killed=True))
    await world.exited(first, 137)
    assert (await world.view()).vitals.restarts[first].reason == "out of memory"


async def test_after_the_engine_stopped_and_started_all_run_and_get_requests(world: World) -> None:
    for name in world.names():
        await world.exited(name, 0)
        await world.stack.engine.stop(name, 0)
    await Janitor(world.stack.platform).round()
    await world.pass_by(10)
    assert await world.served_by() == set(world.names())
    assert not (await world.view()).vitals.unready
