"""How a new release comes to serve: strategies, plans that are kept to, warm undo, hand-over, and what failures leave."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.stack import DOCKERFILE, PATH, REPOSITORY, Stack, a_service, fake_stack

from shipway.domain.artifacts import Released
from shipway.domain.capacity import Capacity
from shipway.domain.codec import decode
from shipway.domain.deployment import Deployment
from shipway.domain.errors import ShipwayError
from shipway.domain.plan import Plan
from shipway.domain.service import ServiceSettings
from shipway.domain.strategy import Strategy
from shipway.domain.workload import Instance, Workload
from shipway.engines.fake import FakeEngine, exits, serves
from shipway.operations import deployments, history, services
from shipway.store import journal, queue, rollouts
from shipway.worker.janitor import Janitor
from shipway.worker.standby import Standby

HOST = "api-production-shop.localhost"
FILES = {"Dockerfile": DOCKERFILE, "Procfile": "web: app\nclock: tick\nworker: work\n"}


class Broken(dict):  # type: ignore[type-arg]
    """Instances of that process type exit at once, unless their image is this one."""

    def __init__(self, process: str, *, but: str) -> None:
        self._process, self._but = process, but

    def get(self, key: object, otherwise: object = None) -> object:
        broken = isinstance(key, tuple) and key[1] == self._process and key[0] != self._but
        return exits(1) if broken else otherwise


class AllSlow(dict):  # type: ignore[type-arg]
    """Each instance takes its time until it listens."""

    def get(self, key: object, otherwise: object = None) -> object:
        return None if isinstance(key, tuple) else serves(boot=0.3)


async def break_next(stack: Stack, process: str, files: dict[str, str]) -> None:
    """What is built from now on has a process type that can't start."""
    (newest,) = await history.list_releases(stack.platform, stack.actor, PATH, limit=1)
    stack.engine.behaviours = Broken(process, but=newest.image.reference)
    stack.sources.add(REPOSITORY, "main", files | {"changed": "yes"})


@pytest.fixture(autouse=True)
def _workers_settle_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shipway.pipeline.gate.SETTLED", 0.01)


async def plan_of(stack: Stack, made: Deployment) -> Plan:
    async with stack.platform.database.read() as tx:
        recorded = await journal.recorded(tx, made.id, "release")
    assert recorded is not None
    plan = decode(Released, recorded[1]).plan
    assert plan is not None
    return plan


async def running(stack: Stack) -> list[str]:
    """`web.1 of d2` and so on, of what runs."""
    seen = [each.name.split(".") for each in await stack.engine.instances() if each.state == "running"]
    return sorted(f"{process}.{ordinal} of {deployment}" for *_, deployment, process, ordinal in seen)


def at_each_start(stack: Stack) -> list[list[str]]:
    """What runs just after each start; grows from now on."""
    seen: list[list[str]] = []

    async def look(verb: str, when: str) -> None:
        if (verb, when) == ("start", "after"):
            seen.append(await running(stack))

    stack.engine.intercept = look
    return seen


async def served_by(stack: Stack) -> str:
    """`d2`, or nothing."""
    name = await stack.router.request(HOST)
    return name.split(".")[-3] if name else ""


async def restarted(stack: Stack) -> Stack:
    """As at the next start of the server."""
    revived = await stack.restarted()
    async with revived.database.write() as tx:
        await queue.expire_leases(tx)
    return revived


async def states(stack: Stack) -> list[str]:
    async with stack.platform.database.read() as tx:
        return [each.state for each in await rollouts.listed(tx)]


class TestRecreate:
    async def test_the_old_one_has_stopped_before_the_new_one_starts(self, stack: Stack) -> None:
        await stack.deployed()
        await stack.change(strategy={"type": "recreate"})
        seen = at_each_start(stack)
        made = await stack.deployed()
        assert made.state == "live"
        assert seen[0] == ["web.1 of d2"]
        plan = await plan_of(stack, made)
        assert (plan.mode, plan.reason, plan.interrupts) == ("stop-first", "user", ("web",))

    async def test_requests_in_flight_end_before_it_stops_and_new_ones_are_told_to_wait(self, stack: Stack) -> None:
        await stack.deployed()
        await stack.change(strategy={"type": "recreate"})
        held = stack.router.hold(HOST)
        made = await stack.deploy()
        async with stack.working(), asyncio.timeout(20):
            while await served_by(stack):
                await asyncio.sleep(0.002)
            assert await running(stack) == ["web.1 of d1"], "it was stopped with a request in flight"
            assert await held.finish()
            await stack.until(made, "live")
        assert await served_by(stack) == "d2"

    async def test_a_failure_brings_the_old_one_back(self, stack: Stack) -> None:
        await stack.deployed()
        await stack.change(strategy={"type": "recreate"})
        await break_next(stack, "web", {"Dockerfile": DOCKERFILE})
        made = await stack.deployed()
        assert made.state == "failed"
        assert await running(stack) == ["web.1 of d1"]
        assert await served_by(stack) == "d1"

    async def test_what_was_kept_warm_does_not_stand_beside_it(self, stack: Stack) -> None:
        await stack.change(keep_warm=600)
        await stack.deployed()
        await stack.deployed()
        await stack.change(strategy={"type": "recreate"})
        seen = at_each_start(stack)
        await stack.deployed()
        assert seen[0] == ["web.1 of d3"]

    async def test_an_interruption_is_refused_before_anything_changes_where_none_is_allowed(self, stack: Stack) -> None:
        await stack.deployed()
        await stack.change(strategy={"type": "recreate"})
        made = await stack.deploy(zero_downtime=True)
        await stack.work()
        failed = await stack.deployment(made.id)
        assert failed.failure is not None
        assert (failed.state, failed.failure.code, failed.failure.step) == ("failed", "would-interrupt", "release")
        assert "would interrupt web" in failed.failure.message
        assert await running(stack) == ["web.1 of d1"]

    async def test_a_crash_in_the_middle_is_gone_on_with(self, stack: Stack) -> None:
        await stack.deployed()
        await stack.change(strategy={"type": "recreate"})
        made = await stack.deploy()
        reached = asyncio.Event()

        async def hang(verb: str, when: str) -> None:
            if (verb, when) == ("start", "before"):
                reached.set()
                await asyncio.sleep(60)

        stack.engine.intercept = hang
        async with stack.working(), asyncio.timeout(20):
            await reached.wait()
        revived = await restarted(stack)
        await Janitor(revived.platform).round()
        assert await running(revived) == [], "what was stopped for its successor was started beside it"
        await revived.work()
        assert (await revived.deployment(made.id)).state == "live"
        assert await running(revived) == ["web.1 of d2"]
        await revived.database.close()


class TestCapacity:
    async def test_without_memory_for_both_the_old_one_stops_first(self, stack: Stack) -> None:
        stack.engine.machine = Capacity(memory=700 * 2**20, cpus=4)
        await stack.deployed()
        plan = await plan_of(stack, await stack.deployed())
        assert (plan.mode, plan.reason) == ("stop-first", "memory")
        assert "512 MiB of memory, and 188 MiB of memory is free" in plan.why

    async def test_with_memory_for_one_more_old_ones_make_way_one_by_one(self, stack: Stack) -> None:
        stack.engine.machine = Capacity(memory=4 * 512 * 2**20, cpus=4)
        await stack.deployed()
        await deployments.scale(stack.platform, stack.actor, PATH, {"web": 3})
        await stack.work()
        served: list[tuple[str, ...]] = []

        async def ask(verb: str, when: str) -> None:
            if (verb, when) == ("stop", "before"):
                served.append(tuple(sorted({await served_by(stack) for _ in range(100)})))

        stack.engine.intercept = ask
        plan = await plan_of(stack, await stack.deployed())
        assert (plan.mode, plan.reason, plan.interrupts) == ("overlap-one-by-one", "memory", ())
        assert await running(stack) == ["web.1 of d3", "web.2 of d3", "web.3 of d3"]
        assert served[:2] == [("d2", "d3")] * 2
        assert set(served[2:]) == {("d3",)}

    async def test_what_makes_way_may_first_finish_what_it_has(self, stack: Stack) -> None:
        stack.engine.machine = Capacity(memory=3 * 512 * 2**20, cpus=4)
        await stack.deployed()
        await deployments.scale(stack.platform, stack.actor, PATH, {"web": 2})
        await stack.work()
        held = [stack.router.hold(HOST) for _ in range(4)]
        made = await stack.deploy()
        async with stack.working(), asyncio.timeout(20):
            while (await stack.platform.routes.traffic()).get(made.id) is None:
                await asyncio.sleep(0.002)
            await asyncio.sleep(0.3)
            assert "web.2 of d3" not in await running(stack), "nobody waited for the requests"
            assert [await each.finish() is not None for each in held] == [True] * 4
            await stack.until(made, "live", "failed")
        assert (await stack.deployment(made.id)).state == "live"

    async def test_when_one_of_them_fails_those_that_made_way_come_back(self, stack: Stack) -> None:
        stack.engine.machine = Capacity(memory=4 * 512 * 2**20, cpus=4)
        await stack.deployed()
        await deployments.scale(stack.platform, stack.actor, PATH, {"web": 3})
        await stack.work()
        before = {await served_by(stack) for _ in range(9)}
        made = await stack.deploy()
        async with stack.working(), asyncio.timeout(20):
            while "web.2 of d3" not in await running(stack):
                await asyncio.sleep(0.001)
            stack.engine.crash(f"{PATH.dotted}.v2.d3.web.1")
            await stack.until(made, "live", "failed")
        assert (await stack.deployment(made.id)).state == "failed"
        assert await running(stack) == ["web.1 of d2", "web.2 of d2", "web.3 of d2"]
        assert {await served_by(stack) for _ in range(9)} == before

    async def test_what_is_up_serves_on_while_a_restart_of_shipway_goes_over_it_again(self, stack: Stack) -> None:
        stack.engine.machine = Capacity(memory=5 * 512 * 2**20, cpus=4)
        await stack.deployed()
        await deployments.scale(stack.platform, stack.actor, PATH, {"web": 4})
        await stack.work()
        made = await stack.deploy()
        reached = asyncio.Event()

        async def hang(verb: str, when: str) -> None:
            if (verb, when) == ("start", "before") and await ready() == 3:
                reached.set()
                await asyncio.sleep(60)

        async def ready() -> int:
            return len(stack.router.table.sets.get(made.id, ()))

        stack.engine.intercept = hang
        async with stack.working(), asyncio.timeout(20):
            await reached.wait()
        revived = await restarted(stack)
        fewest = 9

        async def look(verb: str, when: str) -> None:
            nonlocal fewest
            if (verb, when) == ("apply", "after"):
                fewest = min(fewest, await ready())

        revived.router.intercept = look
        await revived.work()
        assert (await revived.deployment(made.id)).state == "live"
        assert fewest >= 3
        await revived.database.close()

    async def test_what_comes_back_gets_requests_only_when_it_answers(self, stack: Stack) -> None:
        stack.engine.machine = Capacity(memory=4 * 512 * 2**20, cpus=4)
        await stack.deployed()
        await deployments.scale(stack.platform, stack.actor, PATH, {"web": 3})
        await stack.work()
        made = await stack.deploy()
        refused: list[str] = []

        async def look(verb: str, when: str) -> None:
            if (verb, when) != ("apply", "after"):
                return
            for route in stack.router.table.routes:
                for each in stack.router.table.sets.get(route.set, ()):
                    if await stack.engine.request(each.address, each.port, "/") is None:
                        refused.append(each.name)

        async with stack.working(), asyncio.timeout(20):
            while "web.2 of d3" not in await running(stack):
                await asyncio.sleep(0.001)
            stack.engine.behaviours = AllSlow()
            stack.router.intercept = look
            await deployments.cancel(stack.platform, stack.actor, made.id)
            await stack.until(made, "cancelled")
        assert refused == []
        assert await running(stack) == ["web.1 of d2", "web.2 of d2", "web.3 of d2"]

    async def test_when_all_that_stay_are_not_ready_the_new_ones_carry_nearly_everything(self, stack: Stack) -> None:
        stack.engine.machine = Capacity(memory=4 * 512 * 2**20, cpus=4)
        await stack.deployed()
        await deployments.scale(stack.platform, stack.actor, PATH, {"web": 3})
        await stack.work()
        async with stack.platform.database.write() as tx:
            (live,) = await rollouts.live(tx)
            await rollouts.set_unready(tx, live.deployment_id, live.instances[1:])
        shares: set[int] = set()

        async def look(verb: str, when: str) -> None:
            if (verb, when) == ("apply", "after"):
                shares.update(route.canary.percent for route in stack.router.table.routes if route.canary)

        stack.router.intercept = look
        made = await stack.deployed()
        assert made.state == "live", made.failure
        assert max(shares) == 99

    async def test_what_never_fits_is_refused_with_what_is_free(self, stack: Stack) -> None:
        stack.engine.machine = Capacity(memory=400 * 2**20, cpus=4)
        made = await stack.deployed()
        assert made.failure is not None
        assert made.failure.code == "no-room"
        assert "takes 512 MiB of memory and 400 MiB of memory is free" in made.failure.message
        assert await running(stack) == []

    async def test_a_scale_that_never_fits_is_refused_at_once(self, stack: Stack) -> None:
        stack.engine.machine = Capacity(memory=2000 * 2**20, cpus=4)
        await stack.deployed()
        with pytest.raises(Exception, match="is free"):
            await deployments.scale(stack.platform, stack.actor, PATH, {"web": 5})
        assert (await services.get_service(stack.platform, stack.actor, PATH)).service.scale == {}

    async def test_a_device_that_only_one_can_have_goes_from_the_old_one_to_the_new_one(self, tmp_path: Path) -> None:
        async with fake_stack(tmp_path) as bare:
            equipped = replace(bare.platform, settings=replace(bare.platform.settings, devices="gpu=1"))
            stack = replace(bare, platform=equipped)
            await stack.change(resources={"devices": {"gpu": 1}})
            await stack.deployed()
            plan = await plan_of(stack, await stack.deployed())
            assert (plan.mode, plan.reason) == ("stop-first", "device")
            assert await running(stack) == ["web.1 of d2"]

    async def test_what_one_service_was_promised_is_not_promised_to_another(self, stack: Stack) -> None:
        """The release command of the first one runs: none of its instances stands yet."""
        stack.engine.machine = Capacity(memory=700 * 2**20, cpus=4)
        stack.sources.add(REPOSITORY, "main", {"Dockerfile": DOCKERFILE, "Procfile": "web: app\nrelease: migrate\n"})
        other = replace(PATH, service="other")
        await a_service(stack, other)
        reached, go_on = asyncio.Event(), asyncio.Event()

        async def hang(verb: str, when: str) -> None:
            if (verb, when) == ("run", "before"):
                reached.set()
                await go_on.wait()

        stack.engine.intercept = hang
        first = await stack.deploy()
        async with stack.working(), asyncio.timeout(20):
            await reached.wait()
            second = await deployments.deploy(stack.platform, stack.actor, other)
            while not reached.is_set() or (await stack.deployment(second.id)).release_id is None:
                await asyncio.sleep(0.002)
            go_on.set()
            await stack.until(first, "live", "failed")
            await stack.until(second, "live", "failed")
        refused = (await stack.deployment(second.id)).failure
        assert (await stack.deployment(first.id)).state == "live"
        assert refused is not None
        assert refused.code == "no-room"

    async def test_what_is_kept_warm_makes_room(self, stack: Stack) -> None:
        stack.engine.machine = Capacity(memory=1100 * 2**20, cpus=4)
        await stack.change(keep_warm=600)
        await stack.deployed()
        await stack.deployed()
        assert await states(stack) == ["warm", "live"]
        plan = await plan_of(stack, made := await stack.deployed())
        assert (plan.mode, len(plan.named("evict"))) == ("overlap", 1)
        assert made.state == "live"


class TestBlueGreen:
    @pytest.fixture
    async def ready(self, stack: Stack) -> AsyncIterator[Deployment]:
        await stack.deployed()
        await stack.change(strategy={"type": "bluegreen", "promote": "manual"})
        made = await stack.deploy()
        async with stack.working():
            await stack.until(made, "ready")
            yield made

    async def test_it_waits_with_both_sets_up_until_it_is_promoted(self, stack: Stack, ready: Deployment) -> None:
        assert await running(stack) == ["web.1 of d1", "web.1 of d2"]
        assert await served_by(stack) == "d1"
        await deployments.promote(stack.platform, stack.actor, ready.id)
        await stack.until(ready, "live")
        assert await served_by(stack) == "d2"

    async def test_cancelled_it_leaves_the_old_one(self, stack: Stack, ready: Deployment) -> None:
        await deployments.cancel(stack.platform, stack.actor, ready.id)
        await stack.until(ready, "cancelled")
        assert await served_by(stack) == "d1"
        while await running(stack) != ["web.1 of d1"]:
            await asyncio.sleep(0.002)

    async def test_a_newer_deployment_takes_its_place(self, stack: Stack, ready: Deployment) -> None:
        newer = await stack.deploy()
        await stack.until(ready, "cancelled")
        await stack.until(newer, "ready")

    async def test_an_instance_that_ends_while_it_waits_fails_it(self, stack: Stack, ready: Deployment) -> None:
        stack.engine.crash(next(each.name for each in await stack.engine.instances() if ".d2." in each.name))
        await stack.until(ready, "failed")
        assert await served_by(stack) == "d1"

    async def test_only_what_is_ready_can_be_promoted(self, stack: Stack, ready: Deployment) -> None:
        await deployments.promote(stack.platform, stack.actor, ready.id)
        await stack.until(ready, "live")
        with pytest.raises(Exception, match="only a deployment that is ready"):
            await deployments.promote(stack.platform, stack.actor, ready.id)

    async def test_it_waits_on_after_a_restart(self, stack: Stack) -> None:
        await stack.deployed()
        await stack.change(strategy={"type": "bluegreen", "promote": "manual"})
        made = await stack.deploy()
        async with stack.working():
            await stack.until(made, "ready")
        revived = await restarted(stack)
        await deployments.promote(revived.platform, revived.actor, made.id)
        async with revived.working():
            await revived.until(made, "live")
        await revived.database.close()


class TestWarmUndo:
    @pytest.fixture
    async def warm(self, stack: Stack) -> Stack:
        """d1 is kept warm behind d2."""
        await stack.change(keep_warm=600)
        await stack.deployed()
        await stack.deployed()
        assert await states(stack) == ["warm", "live"]
        return stack

    async def rolled_back(self, stack: Stack) -> Deployment:
        made = await deployments.rollback(stack.platform, stack.actor, PATH)
        await stack.work()
        return await stack.deployment(made.id)

    async def test_it_starts_nothing(self, warm: Stack) -> None:
        began: list[str] = []

        async def count(verb: str, when: str) -> None:
            began.append(verb)

        warm.engine.intercept = count
        made = await self.rolled_back(warm)
        plan = await plan_of(warm, made)
        assert (plan.named("start"), len(plan.named("adopt"))) == ((), 1)
        assert await served_by(warm) == "d1"
        assert await running(warm) == ["web.1 of d1", "web.1 of d2"]
        assert await states(warm) == ["warm", "live"]

    async def test_it_can_be_undone_again_and_again(self, warm: Stack) -> None:
        for expected in ("d1", "d2", "d1", "d2"):
            assert (await self.rolled_back(warm)).state == "live"
            assert await served_by(warm) == expected
        assert await running(warm) == ["web.1 of d1", "web.1 of d2"]

    async def test_what_was_taken_over_survives_the_janitor_and_a_reboot(self, warm: Stack) -> None:
        made = await self.rolled_back(warm)
        for each in await warm.engine.instances():
            await warm.engine.stop(each.name, 0)
        revived = await warm.restarted()
        await Janitor(revived.platform).round()
        assert "web.1 of d1" in await running(revived)
        assert await served_by(revived) == "d1"
        assert (await revived.deployment(made.id)).state == "live"
        await revived.database.close()

    async def test_a_request_in_flight_on_the_old_set_is_not_cut_by_it(self, stack: Stack) -> None:
        await stack.change(keep_warm=600, drain_timeout=600)
        await stack.deployed()
        held = stack.router.hold(HOST)
        second = await stack.deploy()
        async with stack.working():
            await stack.until(second, "live")
            back = await deployments.rollback(stack.platform, stack.actor, PATH)
            await stack.until(back, "live")
            assert await served_by(stack) == "d1"
            assert await held.finish(), "it was cut"
            async with asyncio.timeout(20):
                while not await stack.is_idle():
                    await asyncio.sleep(0.002)
        assert await running(stack) == ["web.1 of d1", "web.1 of d2"]

    async def test_what_it_took_over_is_not_told_as_cut(self, stack: Stack) -> None:
        await stack.change(keep_warm=600, drain_timeout=0.5)
        await stack.deployed()
        held = stack.router.hold(HOST)
        second = await stack.deploy()
        async with stack.working(), asyncio.timeout(20):
            await stack.until(second, "live")
            back = await deployments.rollback(stack.platform, stack.actor, PATH)
            await stack.until(back, "live")
            while not await stack.is_idle():
                await asyncio.sleep(0.002)
        assert await held.finish()
        report = (await history.get_deployment(stack.platform, stack.actor, second.id)).cutover
        assert report is not None
        assert (report.in_flight, report.cut, report.verdict) == (1, 0, "zero-drop proven")

    async def test_what_it_did_not_take_over_ends_also_after_a_crash(self, stack: Stack) -> None:
        """d2 is killed before it has ended the worker of d1, whose web instance d3 has taken over."""
        stack.sources.add(REPOSITORY, "main", {"Dockerfile": DOCKERFILE, "Procfile": "web: app\nworker: work\n"})
        await stack.change(keep_warm=600, drain_timeout=600)
        await stack.deployed()
        held = stack.router.hold(HOST)
        second = await stack.deploy()
        async with stack.working():
            await stack.until(second, "live")
            back = await deployments.rollback(stack.platform, stack.actor, PATH)
            await stack.until(back, "live")
        revived = await restarted(stack)
        assert await held.finish()
        await revived.work()
        assert await running(revived) == ["web.1 of d1", "web.1 of d2", "worker.1 of d3"]
        await revived.database.close()

    async def test_what_it_did_not_take_over_and_nobody_ends_the_janitor_ends(self, stack: Stack) -> None:
        """d2's finalize gave up as it drained, and d3 has taken over d1's `web`; d1's worker is nobody's."""
        stack.sources.add(REPOSITORY, "main", FILES)
        await stack.change(keep_warm=600)
        await stack.deployed()
        await stack.deployed()
        first = next(each for each in await stack.engine.instances() if ".d1.web." in each.name)
        worker = replace(stack.engine.workload(first.name), name=first.name.replace(".web.", ".worker."))
        await stack.engine.start(worker)
        made = await deployments.rollback(stack.platform, stack.actor, PATH)
        await stack.work()
        assert (await stack.deployment(made.id)).state == "live"
        await stack.engine.start(worker)
        await Janitor(stack.platform).round()
        assert await running(stack) == ["clock.1 of d3", "web.1 of d1", "web.1 of d2", "worker.1 of d3"]

    async def test_what_is_being_stopped_is_not_taken_over(self, stack: Stack) -> None:
        """d1 has had its drain timeout and is told to stop; d3 gets the traffic meanwhile, and d4 goes back to v1."""
        await stack.change(keep_warm=0, drain_timeout=0.1)
        await stack.deployed()
        stack.router.hold(HOST)
        (first,) = await stack.engine.instances()
        stop, stopped = stack.engine.stop, asyncio.Event()

        async def slow(name: str, grace: float) -> None:
            if name == first.name:
                await stopped.wait()
            await stop(name, grace)

        stack.engine.stop = slow  # type: ignore[method-assign]
        await stack.deploy()
        async with stack.working(), asyncio.timeout(20):
            while "retiring" not in await states(stack):
                await asyncio.sleep(0.002)
            await stack.change(drain_timeout=600)
            await stack.until(await stack.deploy(), "live")
            back = await deployments.rollback(stack.platform, stack.actor, PATH, version=1)
            await stack.until(back, "live", "failed")
            stopped.set()
        assert (await plan_of(stack, back)).named("adopt") == ()
        assert await served_by(stack) == "d4"

    async def test_its_time_is_over_some_day(self, warm: Stack) -> None:
        async with warm.platform.database.write() as tx:
            (old,) = [each for each in await rollouts.listed(tx) if each.state == "warm"]
            await rollouts.set_state(tx, old.deployment_id, "draining")
            await rollouts.keep_warm(
                tx, old.deployment_id, old.instances, (await warm.deployment(old.deployment_id)).created_at
            )
        await Standby(warm.platform).round()
        assert await running(warm) == ["web.1 of d2"]
        assert await states(warm) == ["live"]

    async def test_one_that_has_died_meanwhile_is_started_anew(self, warm: Stack) -> None:
        await warm.engine.stop(next(each.name for each in await warm.engine.instances() if ".d1." in each.name), 0)
        made = await self.rolled_back(warm)
        assert made.state == "live"
        assert await served_by(warm) == "d3"

    async def test_only_the_last_one_is_kept(self, warm: Stack) -> None:
        await warm.deployed()
        assert await running(warm) == ["web.1 of d2", "web.1 of d3"]

    async def test_scaled_since_it_is_started_anew(self, warm: Stack) -> None:
        await deployments.scale(warm.platform, warm.actor, PATH, {"web": 2})
        await warm.work()
        made = await deployments.rollback(warm.platform, warm.actor, PATH, version=1)
        await warm.work()
        assert (await plan_of(warm, made)).named("adopt") == ()
        assert (await warm.deployment(made.id)).state == "live"


class TestHandOver:
    @pytest.fixture
    async def scheduled(self, stack: Stack) -> Stack:
        """One `clock` that must never run twice, beside `web` and `worker`."""
        stack.sources.add(REPOSITORY, "main", FILES)
        await stack.change(stop_first=("clock",))
        await stack.deployed()
        assert await running(stack) == ["clock.1 of d1", "web.1 of d1", "worker.1 of d1"]
        return stack

    async def test_two_never_run_at_once(self, scheduled: Stack) -> None:
        most = 0

        async def look(verb: str, when: str) -> None:
            nonlocal most
            most = max(most, sum(name.startswith("clock") for name in await running(scheduled)))

        scheduled.engine.intercept = look
        made = await scheduled.deployed()
        assert made.state == "live"
        assert most == 1
        assert await running(scheduled) == ["clock.1 of d2", "web.1 of d2", "worker.1 of d2"]
        assert (await plan_of(scheduled, made)).interrupts == ("clock",)

    async def test_one_that_fails_gives_way_to_the_old_one(self, scheduled: Stack) -> None:
        await break_next(scheduled, "clock", FILES)
        made = await scheduled.deployed()
        assert made.state == "failed"
        assert await running(scheduled) == ["clock.1 of d1", "web.1 of d1", "worker.1 of d1"]
        assert await served_by(scheduled) == "d1"

    async def test_a_failure_does_not_bring_back_what_was_handed_over_before(self, scheduled: Stack) -> None:
        await scheduled.change(keep_warm=600)
        await scheduled.deployed()
        scheduled.sources.add(REPOSITORY, "main", {"Dockerfile": "FROM base:1\nRUN exit 3\n"})
        assert (await scheduled.deployed()).state == "failed"
        assert await running(scheduled) == ["clock.1 of d2", "web.1 of d1", "web.1 of d2", "worker.1 of d2"]

    async def test_an_undo_does_not_bring_back_what_was_handed_over_before(self, scheduled: Stack) -> None:
        await scheduled.change(keep_warm=600)
        await scheduled.deployed()
        await deployments.rollback(scheduled.platform, scheduled.actor, PATH)
        await scheduled.work()
        await Janitor(scheduled.platform).round()
        assert await running(scheduled) == ["clock.1 of d3", "web.1 of d1", "web.1 of d2", "worker.1 of d3"]

    async def test_two_never_run_at_once_also_after_a_crash(self, scheduled: Stack) -> None:
        """d2 still drains as d3 has taken over from its clock and Shipway is killed."""
        await scheduled.change(drain_timeout=600)
        scheduled.router.hold(HOST)
        second = await scheduled.deploy()
        reached = asyncio.Event()

        async def hang(verb: str, when: str) -> None:
            if (verb, when) == ("start", "after") and "clock.1 of d3" in await running(scheduled):
                reached.set()
                await asyncio.sleep(60)

        scheduled.engine.intercept = hang
        async with scheduled.working(), asyncio.timeout(20):
            await scheduled.until(second, "live")
            third = await scheduled.deploy()
            await reached.wait()
        revived, clocks = await restarted(scheduled), set[int]()

        async def look(verb: str, when: str) -> None:
            clocks.add(sum(name.startswith("clock") for name in await running(revived)))

        revived.engine.intercept = look
        async with revived.working():
            await revived.until(third, "live")
        assert clocks == {1}
        await revived.database.close()

    async def test_one_that_nobody_brings_back_the_janitor_does(self, scheduled: Stack) -> None:
        async with scheduled.platform.database.write() as tx:
            (live,) = await rollouts.live(tx)
            await rollouts.park(tx, live.deployment_id, [name for name in live.instances if ".clock." in name])
        await scheduled.engine.stop(next(name for name in live.instances if ".clock." in name), 0)
        await Janitor(scheduled.platform).round()
        assert "clock.1 of d1" in await running(scheduled)


class TestCanary:
    QUICK = Strategy(type="canary", steps=(20, 60), interval=0.3, sample=20)

    @pytest.fixture
    async def before(self, stack: Stack) -> Stack:
        await stack.deployed()
        given = {"type": "canary", "steps": self.QUICK.steps, "interval": 0.3, "sample": 20}
        await stack.change(strategy=given)
        return stack

    async def asked(self, stack: Stack, made: Deployment, *states: str) -> set[str]:
        """Who answered while requests came in until it is in one of these states."""
        seen = set()
        async with stack.working(), asyncio.timeout(30):
            while (await stack.deployment(made.id)).state not in states:
                for _ in range(10):
                    seen.add(await served_by(stack))
                await asyncio.sleep(0.002)
        return seen

    async def test_both_serve_until_the_new_one_has_proved_itself(self, before: Stack) -> None:
        made = await before.deploy()
        assert await self.asked(before, made, "live") == {"d1", "d2"}
        assert await served_by(before) == "d2"
        names = [step.name for step in (await history.get_deployment(before.platform, before.actor, made.id)).steps]
        assert names[6:9] == ["health", "canary", "route"]

    async def test_one_that_ends_gives_all_requests_back(self, before: Stack) -> None:
        made = await before.deploy()
        async with before.working(), asyncio.timeout(20):
            while await served_by(before) != "d2":
                await asyncio.sleep(0.002)
            before.engine.crash(next(each.name for each in await before.engine.instances() if ".d2." in each.name))
            await before.until(made, "failed")
        assert {await served_by(before) for _ in range(50)} == {"d1"}
        await before.work()
        assert await running(before) == ["web.1 of d1"]

    async def test_cancelled_it_gives_all_requests_back(self, before: Stack) -> None:
        made = await before.deploy()
        async with before.working(), asyncio.timeout(20):
            while await served_by(before) != "d2":
                await asyncio.sleep(0.002)
            await deployments.cancel(before.platform, before.actor, made.id)
            await before.until(made, "cancelled")
        assert {await served_by(before) for _ in range(50)} == {"d1"}

    async def test_without_enough_requests_to_judge_it_goes_on_in_the_end(self, before: Stack) -> None:
        made = await before.deployed()
        assert made.state == "live"
        assert "too few" in before.platform.logs.read(made.id, "canary").decode()


@pytest.mark.parametrize("seed", range(8))
async def test_what_is_done_is_what_was_planned(tmp_path: Path, seed: int) -> None:
    """Deployments of every kind in random order, good and bad: each starts and stops what its plan says, nothing else."""
    chance = random.Random(seed)
    async with fake_stack(tmp_path, settings=ServiceSettings(keep_warm=0)) as stack:
        stack.engine.machine = Capacity(memory=chance.choice([3, 6, 40]) * 512 * 2**20, cpus=4)
        stack.sources.add(REPOSITORY, "main", FILES)
        await stack.deployed()
        with recorded(stack.engine) as acts:
            for number in range(10):
                acts.clear()
                if made := await something(stack, chance, number):
                    await stack.work()
                    await assert_as_planned(stack, made, acts)


async def something(stack: Stack, chance: random.Random, number: int) -> Deployment | None:
    """Ask for some deployment; `None` when it is refused at once."""
    kind = chance.choice(["rolling", "recreate", "bluegreen"])
    wished = {
        "strategy": {"type": kind},
        "keep_warm": chance.choice([0, 600]),
        "stop_first": chance.choice([(), ("clock",)]),
    }
    await stack.change(**wished)
    stack.sources.add(REPOSITORY, "main", FILES | {"number": str(number)})
    if chance.random() < 0.25:
        await break_next(stack, chance.choice(["web", "worker", "clock"]), FILES | {"number": str(number)})
    with suppress(ShipwayError):
        match chance.choice(["deploy", "deploy", "rollback", "restart", "scale"]):
            case "rollback":
                return await deployments.rollback(stack.platform, stack.actor, PATH)
            case "restart":
                return await deployments.restart(stack.platform, stack.actor, PATH)
            case "scale":
                return await deployments.scale(stack.platform, stack.actor, PATH, {"web": chance.choice([1, 2])})
            case _:
                return await stack.deploy()
    return None


async def assert_as_planned(stack: Stack, made: Deployment, acts: list[tuple[str, str]]) -> None:
    ended = await stack.deployment(made.id)
    if ended.failure and ended.failure.step == "release":
        assert acts == [], "something was done although it was refused"
        return
    plan = await plan_of(stack, made)
    numbers = [(await stack.deployment(each)).number for each in plan.named("evict")]
    evicted = {what for _, what in acts if any(f".d{number}." in what for number in numbers)}
    again = plan.named("park") if ended.state == "failed" else ()
    assert {what for verb, what in acts if verb == "start"} <= {*plan.named("start"), *plan.named("adopt"), *again}
    gone = plan.named("start") if ended.state == "failed" else ()
    adopted = plan.named("adopt") if ended.state == "failed" else ()
    known = {*plan.named("stop"), *plan.named("park"), *evicted, *gone, *adopted}
    assert {what for verb, what in acts if verb == "stop"} <= known
    if ended.state == "live":
        assert set(plan.named("start")) <= {what for verb, what in acts if verb == "start"}


@contextmanager
def recorded(engine: FakeEngine) -> Iterator[list[tuple[str, str]]]:
    """What is started and stopped, by name; of stops only those of something that is there."""
    acts: list[tuple[str, str]] = []
    start, stop = engine.start, engine.stop

    async def started(workload: Workload) -> Instance:
        acts.append(("start", workload.name))
        return await start(workload)

    async def stopped(name: str, grace: float) -> None:
        if name in {each.name for each in await engine.instances()}:
            acts.append(("stop", name))
        await stop(name, grace)

    engine.start, engine.stop = started, stopped  # type: ignore[method-assign]
    yield acts
    engine.start, engine.stop = start, stop  # type: ignore[method-assign]


async def test_each_process_type_has_its_own_grace(stack: Stack) -> None:
    stack.sources.add(REPOSITORY, "main", FILES)
    await stack.change(stop_grace=5, stop_graces={"worker": 60}, stop_first=("clock",))
    await stack.deployed()
    graces: dict[str, float] = {}
    stop = stack.engine.stop

    async def stopped(name: str, grace: float) -> None:
        graces[name.split(".")[-2]] = grace
        await stop(name, grace)

    stack.engine.stop = stopped  # type: ignore[method-assign]
    await stack.deployed()
    assert graces == {"web": 5, "worker": 60, "clock": 5}


async def test_settings_keep_their_default_of_a_minute() -> None:
    assert ServiceSettings().keep_warm == 60
