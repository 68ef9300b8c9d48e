"""Kill Shipway at every effect it has on the world, before and after it, and start it again: always the same end.

The parts are fakes that pass the real ones' contracts; the database is real. What a crash leaves of Shipway's own
memory is nothing; what it leaves of the world is all that was done before.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.support.stack import PATH, REPOSITORY, Stack, fake_stack

from shipway.domain.deployment import Deployment
from shipway.engines.fake import Behaviour, exits
from shipway.store import queue, rollouts, services
from shipway.worker.janitor import Janitor

HOST = "api-production-shop.localhost"


@pytest.fixture(autouse=True)
def _workers_settle_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shipway.pipeline.steps.health.SETTLED", 0.01)


class Killed(BaseException):
    """The process is gone; nobody may catch this."""


class Fate:
    """Counts effects; at the chosen one the process dies, and a dead process does nothing more."""

    def __init__(self, stack: Stack, fatal: int | None) -> None:
        self._stack, self._fatal = stack, fatal
        self.effects: list[str] = []
        self.dead = False

    async def __call__(self, verb: str, when: str) -> None:
        if self.dead or len(self.effects) == self._fatal:
            self.dead = True
            raise Killed
        self.effects.append(f"{when} {verb}")
        await assert_someone_serves(self._stack)


class AllApps(dict[object, Behaviour]):
    """The same behaviour for whatever image."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour

    def get(self, _key: object, _default: object = None) -> Behaviour:  # type: ignore[override]
        return self._behaviour


async def assert_someone_serves(stack: Stack) -> None:
    target = await stack.router.request(HOST)
    running = {instance.name for instance in await stack.engine.instances() if instance.state == "running"}
    assert target in running, f"{HOST} leads to {target}, while {running} run"


async def assert_the_world_is(stack: Stack, *, live: int, state: str, deployment_id: str) -> None:
    """Exactly deployment `live` runs and is routed; nothing else is left anywhere."""
    deployment = await stack.deployment(deployment_id)
    assert (deployment.state, deployment.finished_at is not None) == (state, True)
    async with stack.platform.database.read() as tx:
        service = await services.by_path(tx, PATH)
        left = [(rollout.deployment_id, rollout.state) for rollout in await rollouts.listed(tx)]
        assert await queue.busy_services(tx) == set()
    assert service is not None
    current = await stack.deployment(service.live_deployment_id or "")
    assert current.number == live
    assert left == [(current.id, "live")]
    instances = await stack.engine.instances()
    assert {(each.owner.deployment, each.state) for each in instances} == {(current.id, "running")}
    assert await stack.router.request(HOST) == instances[0].name
    assert set(stack.engine._containers) == {each.name for each in instances}, "a one-off was left behind"
    assert list((stack.platform.settings.home / "work").glob("*")) == []


@asynccontextmanager
async def one_release_live(directory: Path) -> AsyncIterator[Stack]:
    async with fake_stack(directory) as stack:
        await stack.deploy()
        await stack.work()
        await assert_someone_serves(stack)
        stack.sources.add(REPOSITORY, "main", {"Dockerfile": 'FROM base:1\nEXPOSE 8080\nCMD ["app", "2"]\n'})
        yield stack


async def good(stack: Stack) -> Deployment:
    """The new release is fine; it has a command to run before, and a worker beside."""
    procfile = "web: serve\nworker: work\nrelease: migrate\n"
    stack.sources.add(REPOSITORY, "main", {"Dockerfile": "FROM base:1\nEXPOSE 8080\n", "Procfile": procfile})
    return await stack.deploy()


async def good_with_another_behind(stack: Stack) -> Deployment:
    """The new release is fine, and a further deployment waits in the queue behind it."""
    await stack.deploy()
    return await stack.deploy(policy="wait")


async def app_exits(stack: Stack) -> Deployment:
    """The new release's app exits."""
    stack.engine.behaviours = AllApps(exits(1))  # type: ignore[assignment]
    return await stack.deploy()


async def build_fails(stack: Stack) -> Deployment:
    """The new release does not build."""
    stack.sources.add(REPOSITORY, "main", {"Dockerfile": 'FROM base:1\nEXPOSE 8080\nRUN exit 3\nCMD ["app"]\n'})
    return await stack.deploy()


Scenario = Callable[[Stack], Awaitable[Deployment]]
#: What is asked for, the number of the deployment that is live at the end, and the end of the last one asked for.
SCENARIOS = [
    pytest.param(good, 2, "live", id="good"),
    pytest.param(good_with_another_behind, 3, "live", id="another-behind", marks=pytest.mark.heavy),
    pytest.param(app_exits, 1, "failed", id="app-exits"),
    pytest.param(build_fails, 1, "failed", id="build-fails"),
]


@pytest.mark.parametrize(("scenario", "live", "state"), SCENARIOS)
async def test_a_kill_at_any_effect_changes_nothing_of_the_end(
    scenario: Scenario, live: int, state: str, tmp_path: Path
) -> None:
    effects = await _run_once(tmp_path / "whole", scenario, live, state, fatal=None)
    assert len(effects) > 20, "the hooks saw too little for this to mean anything"
    for fatal in range(len(effects)):
        await _run_once(tmp_path / str(fatal), scenario, live, state, fatal=fatal)


async def _run_once(directory: Path, scenario: Scenario, live: int, state: str, *, fatal: int | None) -> list[str]:
    async with one_release_live(directory) as stack:
        made = await scenario(stack)
        fate = Fate(stack, fatal)
        stack.intercept(fate)
        await stack.work(until=lambda: fate.dead)
        await assert_someone_serves(stack)

        after = await stack.restarted()
        try:
            await _go_on(after)
            await assert_the_world_is(after, live=live, state=state, deployment_id=made.id)
        finally:
            await after.database.close()
        return fate.effects


async def _go_on(stack: Stack) -> None:
    """What the next start of Shipway does."""
    async with stack.database.write() as tx:
        await queue.expire_leases(tx)
    await stack.platform.routes.reconcile()
    await assert_someone_serves(stack)
    await stack.work()
    await Janitor(stack.platform).round()
