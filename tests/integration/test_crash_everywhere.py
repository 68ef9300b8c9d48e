"""Kill Shipway at every effect it has on the world, before and after it, and start it again: always the same end.

The parts are fakes that pass the real ones' contracts; the database is real. What a crash leaves of Shipway's own
memory is nothing; what it leaves of the world is all that was done before.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
from tests.support.stack import PATH, REPOSITORY, Stack, fake_stack

from shipway.domain.capacity import Capacity
from shipway.domain.clock import now
from shipway.domain.deployment import Deployment
from shipway.domain.volume import Volume
from shipway.engines.fake import Behaviour, exits
from shipway.operations.config import change_config
from shipway.operations.config_files import change_files
from shipway.operations.deployments import rollback, scale
from shipway.operations.history import list_deployments, list_releases
from shipway.operations.images import prune_images
from shipway.operations.reconfiguring import reconfigure
from shipway.operations.services import change_service
from shipway.operations.volumes import add_volume
from shipway.pipeline.files import sweep_files
from shipway.store import queue, releases, rollouts, services
from shipway.worker.janitor import Janitor
from shipway.worker.revive import revive
from shipway.worker.standby import Standby

HOST = "api-production-shop.localhost"


@pytest.fixture(autouse=True)
def _workers_settle_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shipway.pipeline.gate.SETTLED", 0.01)


class Killed(BaseException):
    """The process is gone; nobody may catch this."""


class Fate:
    """Counts effects; at the chosen one the process dies, and a dead process does nothing more."""

    def __init__(self, stack: Stack, fatal: int | None, check: Callable[[Stack], Awaitable[None]]) -> None:
        self._stack, self._fatal, self._check = stack, fatal, check
        self.effects: list[str] = []
        self.dead = False

    async def __call__(self, verb: str, when: str) -> None:
        if self.dead or len(self.effects) == self._fatal:
            self.dead = True
            raise Killed
        self.effects.append(f"{when} {verb}")
        await self._check(self._stack)


class AllApps(dict[object, Behaviour]):
    """The same behaviour for whatever image but one."""

    def __init__(self, behaviour: Behaviour, *, but: str = "") -> None:
        self._behaviour, self._but = behaviour, but

    def get(self, key: object, default: object = None) -> object:
        image = key[0] if isinstance(key, tuple) else key
        return default if image == self._but else self._behaviour


class OnlyTwoStart(AllApps):
    """Of whatever image but one, no more than two instances come up."""

    def __init__(self, *, but: str) -> None:
        super().__init__(exits(1), but=but)
        self._up = 2

    def get(self, key: object, default: object = None) -> object:
        if isinstance(key, tuple) or key == self._but:
            return default
        self._up -= 1
        return default if self._up >= 0 else self._behaviour


async def assert_someone_serves(stack: Stack) -> None:
    target = await stack.router.request(HOST)
    running = {instance.name for instance in await stack.engine.instances() if instance.state == "running"}
    assert target in running, f"{HOST} leads to {target}, while {running} run"


async def assert_one_clock_at_most(stack: Stack) -> None:
    """And somebody who serves."""
    await assert_someone_serves(stack)
    ticking = [each.name for each in await stack.engine.instances() if ".clock." in each.name]
    assert len(ticking) <= 1, f"{ticking} run at once"


async def assert_nothing(stack: Stack) -> None:
    """It may be interrupted."""


async def assert_the_world_is(stack: Stack, *, live: int, state: str, deployment_id: str) -> None:
    """Exactly deployment `live` runs and is routed; nothing else is left anywhere."""
    await _end_what_is_warm(stack)
    await sweep_files(stack.platform)
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
    async with stack.platform.database.read() as tx:
        (own,) = await rollouts.listed(tx)
    assert {(each.name, each.state) for each in instances} == {(name, "running") for name in own.instances}
    assert not own.parked
    assert await stack.router.request(HOST) in own.instances
    assert set(stack.engine._containers) == {each.name for each in instances}, "a one-off was left behind"
    assert list((stack.platform.settings.home / "work").glob("*")) == []
    await assert_files_are_the_releases_own(stack, current)


async def assert_files_are_the_releases_own(stack: Stack, live: Deployment) -> None:
    """And no others are anywhere."""
    async with stack.platform.database.read() as tx:
        release = await releases.get(tx, live.release_id or "")
    instances = await stack.engine.instances()
    for each in instances:
        seen = {path: sha256(content).hexdigest() for path, content in stack.engine.files(each.name).items()}
        assert seen == release.given.files
    assert await stack.engine.file_sets() == {each.files for each in instances}


async def _end_what_is_warm(stack: Stack) -> None:
    async with stack.platform.database.write() as tx:
        warm = [each for each in await rollouts.listed(tx) if each.state == "warm"]
        for each in warm:
            await rollouts.set_state(tx, each.deployment_id, "draining")
            await rollouts.keep_warm(tx, each.deployment_id, each.instances, until=now())
    await Standby(stack.platform).round()


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


async def undo(stack: Stack) -> Deployment:
    """What was live before is kept warm, and taken over by a rollback."""
    await change_service(stack.platform, stack.actor, PATH, settings={"keep_warm": 600})
    await stack.deploy()
    await stack.work()
    return await rollback(stack.platform, stack.actor, PATH)


async def hand_over(stack: Stack) -> Deployment:
    """Beside `web`, a process type that must never run twice."""
    files = {"Dockerfile": "FROM base:1\nEXPOSE 8080\n", "Procfile": "web: serve\nclock: tick\n"}
    stack.sources.add(REPOSITORY, "main", files)
    await change_service(stack.platform, stack.actor, PATH, settings={"stop_first": ("clock",)})
    await stack.deploy()
    await stack.work()
    stack.sources.add(REPOSITORY, "main", files | {"second": "yes"})
    return await stack.deploy()


async def one_by_one(stack: Stack) -> Deployment:
    """There is memory for one instance more than serve."""
    stack.engine.machine = Capacity(memory=4 * 512 * 2**20, cpus=4)
    await scale(stack.platform, stack.actor, PATH, {"web": 3})
    await stack.work()
    return await stack.deploy()


async def one_by_one_in_vain(stack: Stack) -> Deployment:
    """The same, and the last of the new ones does not come up."""
    made = await one_by_one(stack)
    (newest,) = await list_releases(stack.platform, stack.actor, PATH, limit=1)
    stack.engine.behaviours = OnlyTwoStart(but=newest.image.reference)  # type: ignore[assignment]
    return made


async def assert_memory_for_four(stack: Stack) -> None:
    """And somebody who serves."""
    await assert_someone_serves(stack)
    stand = [each.name for each in await stack.engine.instances() if each.state == "running"]
    assert len(stand) <= 4, f"{stand} run at once"


async def with_a_volume(stack: Stack) -> Deployment:
    """Old and new have the same volume, with something in it."""
    await add_volume(stack.platform, stack.actor, PATH, Volume("data", "/data"))
    await stack.deploy()
    await stack.work()
    (instance,) = await stack.engine.instances()
    stack.engine.volumes.seen_by(instance.name, "/data")["file"] = "kept"
    return await stack.deploy()


async def assert_the_data_is_there_once(stack: Stack) -> None:
    """In one volume, which one instance has at most."""
    assert list(stack.engine.volumes.contents.values()) == [{"file": "kept"}]
    having = [each.name for each in await stack.engine.instances() if each.state == "running"]
    assert len(having) <= 1, f"{having} have it at once"


async def recreated_in_vain(stack: Stack) -> Deployment:
    """The old one stops first, and the new one does not start."""
    await change_service(stack.platform, stack.actor, PATH, settings={"strategy": {"type": "recreate"}})
    (newest,) = await list_releases(stack.platform, stack.actor, PATH, limit=1)
    stack.engine.behaviours = AllApps(exits(1), but=newest.image.reference)  # type: ignore[assignment]
    return await stack.deploy()


async def edit(stack: Stack) -> Deployment:
    """Other config files, and nothing else."""
    await change_files(stack.platform, stack.actor, PATH, files={"a": "old", "b": "old"}, deploy=True)
    await stack.work()
    made = await change_files(stack.platform, stack.actor, PATH, files={"a": "new", "b": "new"})
    assert made is not None
    return made


async def assert_files_are_of_one_kind(stack: Stack) -> None:
    """Somebody serves, and its files are the old or the new ones, never neither."""
    await assert_someone_serves(stack)
    for each in await stack.engine.instances():
        assert stack.engine.files(each.name) in ({"a": b"old", "b": b"old"}, {"a": b"new", "b": b"new"})


async def edit_undone(stack: Stack) -> Deployment:
    """The former config files again."""
    await edit(stack)
    await stack.work()
    return await rollback(stack.platform, stack.actor, PATH)


async def todays_config(stack: Stack) -> Deployment:
    """Other config for the code that is live, which has a release command; newer code is in the source."""
    files = {"Dockerfile": "FROM base:1\nEXPOSE 8080\n", "Procfile": "web: serve\nrelease: migrate\n"}
    stack.sources.add(REPOSITORY, "main", files)
    await stack.deploy()
    await stack.work()
    stack.sources.add(REPOSITORY, "main", files | {"newer": "yes"})
    await change_config(stack.platform, stack.actor, PATH, values={"A": "today"})
    return await reconfigure(stack.platform, stack.actor, PATH)


async def assert_the_code_is_that_of_before(stack: Stack) -> None:
    """Somebody serves; whatever runs is of one build, and there is one new release at most."""
    await assert_someone_serves(stack)
    _, *rest = reversed(await list_releases(stack.platform, stack.actor, PATH))
    assert {each.image.build for each in rest} <= {2} and len(rest) <= 2
    assert {each.workload.image for each in stack.engine._containers.values()} <= {rest[0].image.reference}


async def rebuilt(stack: Stack) -> Deployment:
    """A rollback to a release whose image was pruned, and of which another is built."""
    for number in (2, 3):
        stack.sources.add(REPOSITORY, "main", {"Dockerfile": f"FROM base:1\nEXPOSE 8080\n# {number}\n"})
        await stack.deploy()
        await stack.work()
    await prune_images(stack.platform, stack.actor, PATH, keep=1)
    stack.builder.bases_hold = "other"
    return await rollback(stack.platform, stack.actor, PATH, version=1)


async def assert_it_differs_once(stack: Stack) -> None:
    """Somebody serves; there is no second new release, and none says that the image is the same."""
    await assert_someone_serves(stack)
    known = await list_deployments(stack.platform, stack.actor, PATH)
    assert [each.rebuild.outcome for each in known if each.rebuild and each.rebuild.outcome] in ([], ["differs"])
    assert len(await list_releases(stack.platform, stack.actor, PATH)) <= 4


Scenario = Callable[[Stack], Awaitable[Deployment]]


@dataclass(frozen=True)
class Case:
    """What is asked for, and how it has to end."""

    ask: Scenario
    #: Number of the deployment that is live at the end.
    live: int
    #: The end of the last one asked for.
    state: str
    #: Whether it is killed before each effect, too.
    both: bool = False
    #: What holds at every moment.
    always: Callable[[Stack], Awaitable[None]] = assert_someone_serves


CASES = [
    pytest.param(Case(good, 2, "live", both=True), id="good"),
    pytest.param(Case(good_with_another_behind, 3, "live"), id="another-behind", marks=pytest.mark.heavy),
    pytest.param(Case(app_exits, 1, "failed"), id="app-exits"),
    pytest.param(Case(build_fails, 1, "failed"), id="build-fails"),
    pytest.param(Case(undo, 3, "live"), id="undo"),
    pytest.param(Case(edit, 3, "live", always=assert_files_are_of_one_kind), id="edit"),
    pytest.param(
        Case(edit_undone, 4, "live", always=assert_files_are_of_one_kind), id="edit-undone", marks=pytest.mark.heavy
    ),
    pytest.param(
        Case(todays_config, 3, "live", always=assert_the_code_is_that_of_before),
        id="todays-config",
        marks=pytest.mark.heavy,
    ),
    pytest.param(Case(rebuilt, 4, "live", always=assert_it_differs_once), id="rebuilt", marks=pytest.mark.heavy),
    pytest.param(Case(hand_over, 3, "live", always=assert_one_clock_at_most), id="hand-over", marks=pytest.mark.heavy),
    pytest.param(Case(one_by_one, 3, "live", always=assert_memory_for_four), id="one-by-one", marks=pytest.mark.heavy),
    pytest.param(
        Case(one_by_one_in_vain, 2, "failed", always=assert_memory_for_four),
        id="one-by-one-in-vain",
        marks=pytest.mark.heavy,
    ),
    pytest.param(
        Case(with_a_volume, 3, "live", always=assert_the_data_is_there_once), id="volume", marks=pytest.mark.heavy
    ),
    pytest.param(
        Case(recreated_in_vain, 1, "failed", always=assert_nothing), id="recreated-in-vain", marks=pytest.mark.heavy
    ),
]


@pytest.mark.parametrize("case", CASES)
async def test_a_kill_at_any_effect_changes_nothing_of_the_end(case: Case, tmp_path: Path) -> None:
    effects = await _run_once(tmp_path / "whole", case, fatal=None)
    assert len(effects) > 20, "the hooks saw too little for this to mean anything"
    for fatal, effect in enumerate(effects):
        # The world is the same before an effect as after the one that came last: one case shows it, for the others it is enough
        # to die just after each.
        if case.both or effect.startswith("after") or fatal == 0:
            await _run_once(tmp_path / str(fatal), case, fatal=fatal)


async def _run_once(directory: Path, case: Case, *, fatal: int | None) -> list[str]:
    async with one_release_live(directory) as stack:
        made = await case.ask(stack)
        fate = Fate(stack, fatal, case.always)
        stack.intercept(fate)
        await stack.work(until=lambda: fate.dead)
        await case.always(stack)

        after = await stack.restarted()
        try:
            await _go_on(after, case)
            await assert_the_world_is(after, live=case.live, state=case.state, deployment_id=made.id)
            await case.always(after)
        finally:
            await after.database.close()
        return fate.effects


async def _go_on(stack: Stack, case: Case) -> None:
    """What the next start of Shipway does."""
    async with stack.database.write() as tx:
        await queue.expire_leases(tx)
    await revive(stack.platform)
    await stack.platform.routes.reconcile()
    await case.always(stack)
    await stack.work()
    await Janitor(stack.platform).round()
