"""Deleting for good, on fakes: nothing of it is left, nothing else is touched, and a crash anywhere changes neither."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select
from tests.support.stack import AT_ONCE, DOCKERFILE, PATH, REPOSITORY, Stack, a_service, fake_stack

from shipway.domain.errors import Conflict, Invalid, NotFound, Unavailable
from shipway.domain.names import EnvironmentPath, ServicePath
from shipway.domain.volume import Volume
from shipway.operations import (
    access,
    again,
    builds,
    config,
    deletion,
    deployments,
    environments,
    explanation,
    history,
    images,
    logs,
    promotion,
    releases,
    secrets,
    services,
)
from shipway.operations.config_files import change_files
from shipway.pipeline.deletion import carry_out
from shipway.store import tables as t
from shipway.store.deletion import mark_service
from shipway.worker.janitor import Janitor

HOST = "api-production-shop.localhost"
HOME = EnvironmentPath("acme", "shop", "production")
#: In another project, so that it outlives whatever is deleted here.
NEIGHBOUR = ServicePath("acme", "blog", "production", "web")
NEIGHBOURS_HOST = "web-production-blog.localhost"

Delete = Callable[[Stack], Awaitable[None]]


@pytest.fixture(autouse=True)
def _workers_settle_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shipway.pipeline.gate.SETTLED", 0.01)


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[Stack]:
    async with one_with_everything(tmp_path) as made:
        yield made


@asynccontextmanager
async def one_with_everything(directory: Path) -> AsyncIterator[Stack]:
    """A service with all that one can have, live, and a neighbour in another project."""
    async with fake_stack(directory, settings=replace(AT_ONCE, volumes=(Volume("data", "/data"),))) as made:
        await a_service(made, NEIGHBOUR)
        await config.change_config(made.platform, made.actor, PATH, values={"A": "1"})
        await secrets.set_secret(made.platform, made.actor, HOME, "KEY", "a-secret-value")
        await secrets.change_bindings(made.platform, made.actor, PATH, variables={"KEY": "KEY"}, files={"key": "KEY"})
        await change_files(made.platform, made.actor, PATH, files={"app.toml": "a = 1"})
        await deployments.deploy(made.platform, made.actor, NEIGHBOUR)
        await made.deployed()
        yield made


async def the_service(stack: Stack) -> None:
    """Deleted alone; its environment stays."""
    await deletion.delete_service(stack.platform, stack.actor, PATH, confirm=str(PATH))


async def its_environment(stack: Stack) -> None:
    """Deleted with its environment."""
    await deletion.delete_environment(stack.platform, stack.actor, HOME, confirm=str(HOME))


async def its_project(stack: Stack) -> None:
    """Deleted with its project."""
    await deletion.delete_project(stack.platform, stack.actor, "acme", "shop", confirm="acme/shop")


WAYS = (the_service, its_environment, its_project)


async def neighbour_serves(stack: Stack) -> None:
    assert await stack.router.request(NEIGHBOURS_HOST) is not None


async def assert_nothing_of_it_is_left(stack: Stack) -> None:
    """But the neighbour, untouched."""
    names = {each.name for each in await stack.engine.instances()}
    assert names and all(name.startswith("acme.blog.production.web.") for name in names)
    assert set(stack.engine._containers) == names
    assert stack.engine.networks == {NEIGHBOUR.network}
    assert stack.engine.volumes.contents == {}
    assert await stack.engine.file_sets() == {each.files for each in await stack.engine.instances()}
    assert await stack.router.request(HOST) is None
    assert HOST not in {host for route in stack.router.table.routes for host in route.hosts}
    assert await rows(stack, t.services) == await rows(stack, t.hosts) == 1
    assert images_of(stack, "shop") == set()
    assert {each.rpartition("@")[2] for each in stack.engine.images} == images_of(stack, "blog")
    assert await rows(stack, t.volumes) == await rows(stack, t.secret_files) == await rows(stack, t.config_files) == 0
    logs = {each.name for each in (stack.platform.settings.home / "logs").iterdir()}
    assert logs == {each.owner.deployment for each in await stack.engine.instances()}
    await neighbour_serves(stack)


def images_of(stack: Stack, project: str) -> set[str]:
    """Digests that the registry has."""
    own = stack.registry.repository("acme", f"{project}/")
    return {digest for name, digest in stack.builder.pushed.items() if name.startswith(own)}


async def promoted(stack: Stack, target: ServicePath = NEIGHBOUR) -> set[str]:
    """What is live goes live in another service, too, which by now has others to go back to; the digest of its image."""
    await promotion.promote_release(stack.platform, stack.actor, PATH, target)
    await stack.work()
    assert (await history.list_deployments(stack.platform, stack.actor, target))[0].state == "live"
    for text in "xy":
        stack.sources.add(REPOSITORY, "main", {"Dockerfile": f"{DOCKERFILE}# {text}\n"})
        await deployments.deploy(stack.platform, stack.actor, target)
        await stack.work()
    return images_of(stack, "shop")


async def rows(stack: Stack, table: object) -> int:
    async with stack.platform.database.read() as tx:
        return int((await tx.execute(select(func.count()).select_from(table))).scalar_one())  # type: ignore[arg-type]


@pytest.mark.parametrize("delete", WAYS)
async def test_nothing_of_it_is_left(stack: Stack, delete: Delete) -> None:
    await delete(stack)
    await assert_nothing_of_it_is_left(stack)


async def test_secrets_go_with_their_environment_and_not_with_one_of_its_services(stack: Stack) -> None:
    await the_service(stack)
    assert [each.name for each in await secrets.list_secrets(stack.platform, stack.actor, HOME)] == ["KEY"]
    await its_environment(stack)
    assert await rows(stack, t.secrets) == await rows(stack, t.secret_versions) == 0
    assert await rows(stack, t.config_changes) == 0


async def test_others_of_the_environment_keep_their_network(stack: Stack) -> None:
    await a_service(stack, replace(PATH, service="other"))
    await deployments.deploy(stack.platform, stack.actor, replace(PATH, service="other"))
    await stack.work()
    await the_service(stack)
    assert stack.engine.networks == {PATH.network, NEIGHBOUR.network}
    await its_environment(stack)
    await assert_nothing_of_it_is_left(stack)


@pytest.mark.parametrize("typed", ["api", "", "acme/shop/production/ap", "acme/shop"])
async def test_without_its_whole_path_nothing_is_deleted(stack: Stack, typed: str) -> None:
    with pytest.raises(Invalid, match="confirmation"):
        await deletion.delete_service(stack.platform, stack.actor, PATH, confirm=typed)
    with pytest.raises(Invalid, match="confirmation"):
        await deletion.delete_environment(stack.platform, stack.actor, HOME, confirm=typed)
    with pytest.raises(Invalid, match="confirmation"):
        await deletion.delete_project(stack.platform, stack.actor, "acme", "shop", confirm=typed.removesuffix("/shop"))
    assert await stack.router.request(HOST) is not None


@pytest.mark.parametrize("delete", WAYS)
async def test_what_is_not_ones_own_can_not_be_deleted(stack: Stack, delete: Delete) -> None:
    stranger = replace(stack.actor, user=replace(stack.actor.user, admin=False, workspaces=frozenset()))
    with pytest.raises(NotFound):
        await delete(replace(stack, actor=stranger))
    with pytest.raises(NotFound):
        await deletion.service_loss(stack.platform, stranger, PATH)
    assert await stack.router.request(HOST) is not None


async def test_what_goes_is_told_before(stack: Stack) -> None:
    (volume,) = stack.engine.volumes.contents
    stack.engine.volumes.contents[volume]["/data/x"] = b"12345"
    waiting = await stack.deploy()
    loss = await deletion.project_loss(stack.platform, stack.actor, "acme", "shop")
    assert (loss.path, loss.environments, loss.services) == ("acme/shop", (str(HOME),), (str(PATH),))
    assert (loss.hosts, loss.secrets) == ((HOST,), (f"{HOME}/KEY",))
    assert loss.under_way == (f"{PATH} d{waiting.number}",)
    assert [(each.service, each.name, each.size, each.binned) for each in loss.volumes] == [
        (str(PATH), "data.web.1", 5, False)
    ]
    assert (await deletion.service_loss(stack.platform, stack.actor, PATH)).secrets == ()


@pytest.mark.parametrize("step", ["build", "start"])
async def test_what_is_under_way_is_cancelled_and_leaves_nothing(stack: Stack, step: str) -> None:
    """A second one waits in the queue behind it."""
    reached = asyncio.Event()

    async def hold(verb: str, when: str) -> None:
        if (verb, when) == (step, "before") and not reached.is_set():
            reached.set()
            await asyncio.sleep(0.05)

    for part in (stack.engine, stack.builder):
        part.intercept = hold
    await stack.deploy()
    await stack.deploy(policy="wait")
    async with stack.working():
        await reached.wait()
        await the_service(stack)
    await assert_nothing_of_it_is_left(stack)


async def test_one_whose_traffic_moves_already_goes_when_it_is_through(stack: Stack) -> None:
    reached = asyncio.Event()

    async def tell(verb: str, when: str) -> None:
        if (verb, when) == ("apply", "before"):
            reached.set()

    stack.router.intercept = tell
    await stack.deploy()
    async with stack.working():
        await reached.wait()
        await the_service(stack)
    await assert_nothing_of_it_is_left(stack)


async def test_while_it_goes_nobody_finds_it_and_its_name_is_taken_and_its_host_is_free(stack: Stack) -> None:
    stack.engine.intercept = engine_away
    with pytest.raises(Unavailable):
        await its_project(stack)
    for look in (
        services.get_service(stack.platform, stack.actor, PATH),
        environments.get_environment(stack.platform, stack.actor, HOME),
        environments.list_environments(stack.platform, stack.actor, "acme", "shop"),
        stack.deploy(),
    ):
        with pytest.raises(NotFound):
            await look
    assert [str(each.service.path) for each in await services.list_services(stack.platform, stack.actor)] == [
        str(NEIGHBOUR)
    ]
    with pytest.raises(Conflict, match="already"):
        await a_service(stack)
    await services.change_service(stack.platform, stack.actor, NEIGHBOUR, hosts=[NEIGHBOURS_HOST, HOST])
    assert await stack.router.request(HOST) == await stack.router.request(NEIGHBOURS_HOST)


async def test_while_it_goes_nobody_finds_its_deployments_by_their_ids(stack: Stack) -> None:
    platform, actor = stack.platform, stack.actor
    (live,) = await history.list_deployments(platform, actor, PATH)
    stack.engine.intercept = engine_away
    with pytest.raises(Unavailable):
        await the_service(stack)
    for look in (
        history.get_deployment(platform, actor, live.id),
        explanation.explain(platform, actor, live.id),
        logs.step_log(platform, actor, live.id, "deploy"),
        anext(aiter(logs.watch_deployment(platform, actor, live.id))),
        builds.build_of(platform, actor, live.id),
        releases.release_of(platform, actor, live.id),
        deployments.cancel(platform, actor, live.id),
        deployments.promote(platform, actor, live.id),
        again.retry(platform, actor, live.id),
    ):
        with pytest.raises(NotFound, match="There is no deployment"):
            await look


async def test_a_service_at_the_same_path_waits_until_the_old_one_has_gone_and_has_nothing_of_it(stack: Stack) -> None:
    """Their containers would have the same names."""
    stack.engine.intercept = engine_away
    with pytest.raises(Unavailable):
        await the_service(stack)
    with pytest.raises(Conflict, match="still being deleted"):
        await a_service(stack)
    stack.engine.intercept = None
    await Janitor(stack.platform).round()
    await assert_nothing_of_it_is_left(stack)
    made = await a_service(stack)
    assert (await stack.deployed()).number == 1
    assert made.hosts == (HOST,)
    assert (await config.get_config(stack.platform, stack.actor, PATH)).vars == {}


async def test_an_image_that_another_service_has_a_release_of_stays_and_goes_with_the_last_one(stack: Stack) -> None:
    kept = await promoted(stack)
    stack.sources.add(REPOSITORY, "main", {"Dockerfile": f"{DOCKERFILE}# another\n"})
    await stack.deployed()
    assert len(images_of(stack, "shop")) == 2
    await its_project(stack)
    assert images_of(stack, "shop") == kept
    back = await deployments.rollback(stack.platform, stack.actor, NEIGHBOUR, version=2)
    await stack.work()
    assert ((await stack.deployment(back.id)).state, back.rebuild) == ("live", None)
    await deletion.delete_service(stack.platform, stack.actor, NEIGHBOUR, confirm=str(NEIGHBOUR))
    assert stack.builder.pushed == {}
    assert stack.engine.images == set()


@pytest.mark.parametrize("first", [PATH, NEIGHBOUR])
async def test_of_two_that_go_at_once_neither_keeps_an_image_for_the_other(stack: Stack, first: ServicePath) -> None:
    await promoted(stack)
    marked = {}
    async with stack.database.write() as tx:
        for path in (PATH, NEIGHBOUR):
            service = await access.service(tx, stack.actor, path)
            marked[path] = await mark_service(tx, service.id)
    await carry_out(stack.platform, marked[first])
    assert await rows(stack, t.services) == 1
    await carry_out(stack.platform)
    assert (stack.builder.pushed, stack.engine.images) == ({}, set())


async def test_an_image_of_one_that_is_being_deleted_is_pruned_where_it_was_built(stack: Stack) -> None:
    """Its user is gone for everybody, though the engine keeps it from going for good."""
    await promoted(stack)
    for text in "ab":
        stack.sources.add(REPOSITORY, "main", {"Dockerfile": f"{DOCKERFILE}# {text}\n"})
        await stack.deployed()
    await images.pin_release(stack.platform, stack.actor, NEIGHBOUR, 2, pinned=True)
    stack.engine.intercept = engine_away
    assert (await images.explain_images(stack.platform, stack.actor, PATH, keep=1))[-1].reason == "used-elsewhere"
    with pytest.raises(Unavailable):
        await deletion.delete_service(stack.platform, stack.actor, NEIGHBOUR, confirm=str(NEIGHBOUR))
    assert (await images.explain_images(stack.platform, stack.actor, PATH, keep=1))[-1].reason == "surplus"


async def test_a_registry_that_does_not_answer_keeps_it_from_going_until_it_does(stack: Stack) -> None:
    stack.registry.available = False
    with pytest.raises(Unavailable):
        await its_project(stack)
    assert await rows(stack, t.services) == 2
    stack.registry.available = True
    await Janitor(stack.platform).round()
    await assert_nothing_of_it_is_left(stack)


async def engine_away(verb: str, when: str) -> None:
    if verb == "stop":
        raise Unavailable("The engine went away.")


class Killed(BaseException):
    """The process is gone; nobody may catch this."""


class Fate:
    """Counts effects on the world; at the chosen one the process dies, and a dead process does nothing more."""

    def __init__(self, stack: Stack, fatal: int | None) -> None:
        self._stack, self._fatal = stack, fatal
        self.effects: list[str] = []

    async def __call__(self, verb: str, when: str) -> None:
        if self._fatal is not None and len(self.effects) >= self._fatal:
            raise Killed
        self.effects.append(f"{when} {verb}")
        await neighbour_serves(self._stack)


async def test_killed_at_any_effect_it_is_completed_by_the_next_start_or_was_never_begun(tmp_path: Path) -> None:
    effects = await killed(tmp_path / "whole", fatal=None)
    assert {"before stop", "after remove_volume", "before remove_network", "after commit", "after delete"} <= set(
        effects
    )
    for fatal in range(len(effects)):
        await killed(tmp_path / str(fatal), fatal=fatal)


async def killed(directory: Path, *, fatal: int | None) -> list[str]:
    """Delete the project, die at that effect, start again: the effects until then."""
    async with one_with_everything(directory) as stack:
        fate = Fate(stack, fatal)
        stack.intercept(fate)
        with suppress(Killed):
            await its_project(stack)
        restarted = await stack.restarted()
        # The first effect is the commit of the mark; dead just after it, nobody has seen it done.
        begun = fatal != 0
        await Janitor(restarted.platform).round()
        if begun:
            await assert_nothing_of_it_is_left(restarted)
            assert await rows(restarted, t.projects) == await rows(restarted, t.environments) == 1
        else:
            assert await restarted.router.request(HOST) is not None
        await restarted.database.close()
    return fate.effects
