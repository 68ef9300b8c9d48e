"""What a deployment does to the world, on a real database and on fakes that pass the real parts' contracts."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.databases import new_database
from tests.support.stack import PATH, REPOSITORY, Stack, a_service, fake_stack

from shipway.domain.deployment import Deployment, StepRecord
from shipway.domain.errors import Conflict, Invalid, NotFound, Unavailable
from shipway.domain.names import ServicePath
from shipway.domain.probe import Probe
from shipway.domain.process import Resources
from shipway.domain.service import ServiceSettings
from shipway.domain.source import GitSource, ImageSource, Revision
from shipway.domain.workload import Instance, Owner, Workload
from shipway.engines.fake import exits, listens_on, never_listens, serves
from shipway.operations import config, deletion, deployments, history, logs, services
from shipway.store import journal
from shipway.worker.janitor import Janitor

HOST = "api-production-shop.localhost"
IMPATIENT = ServiceSettings(probe=Probe(timeout=0.3))


@pytest.fixture(params=["sqlite", "postgres"])
async def stack(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stack]:
    url = await new_database(request.getfixturevalue("postgres")) if request.param == "postgres" else ""
    async with fake_stack(tmp_path, database_url=url) as made:
        yield made


async def live(stack: Stack, **options: object) -> Deployment:
    """A deployment that went live, finished."""
    made = await stack.deploy(**options)
    await stack.work()
    ended = await stack.deployment(made.id)
    assert ended.state == "live", ended.failure
    return ended


async def failed(stack: Stack, **options: object) -> Deployment:
    """A deployment that failed, with nothing of it left."""
    made = await stack.deploy(**options)
    await stack.work()
    ended = await stack.deployment(made.id)
    assert ended.state == "failed"
    assert ended.failure
    assert await stack.engine.instances(deployment=made.id) == []
    return ended


async def serving(stack: Stack, host: str = HOST) -> Instance | None:
    """The instance that a request to `host` reaches."""
    target = await stack.router.request(host)
    return next((each for each in await stack.engine.instances() if each.name == target), None)


async def steps(stack: Stack, made: Deployment) -> dict[str, StepRecord]:
    async with stack.platform.database.read() as tx:
        return {step.name: step for step in await journal.steps(tx, made.id)}


def change_app(stack: Stack, text: str) -> None:
    stack.sources.add(REPOSITORY, "main", {"Dockerfile": f"FROM base:1\nEXPOSE 8080\n{text}\n"})


async def test_a_deployment_from_git_goes_through_every_step(stack: Stack) -> None:
    made = await live(stack)
    assert {name: step.state for name, step in (await steps(stack, made)).items()} == dict.fromkeys(
        ("clone", "analyze", "build", "push", "release", "deploy", "health", "route", "finalize"), "complete"
    )
    instance = await serving(stack)
    assert instance
    assert instance.name == "acme.shop.production.api.v1.d1.web.1"


async def test_an_image_service_builds_nothing(tmp_path: Path) -> None:
    async with fake_stack(tmp_path, source=ImageSource("redis:7"), settings=ServiceSettings(port=8080)) as stack:
        made = await live(stack)
        states = {name: step.state for name, step in (await steps(stack, made)).items()}
        assert [states[name] for name in ("clone", "analyze", "build", "push")] == ["skipped"] * 4
        assert (await serving(stack)) is not None
        releases = await history.list_releases(stack.platform, stack.actor, PATH)
        assert releases[0].image.label == "redis:7"
        assert "@sha256:" in releases[0].image.reference


async def test_a_rollback_brings_back_the_release_itself(stack: Stack) -> None:
    await config.change_config(stack.platform, stack.actor, PATH, values={"GREETING": "one"})
    await live(stack)
    await config.change_config(stack.platform, stack.actor, PATH, values={"GREETING": "two"})
    change_app(stack, 'CMD ["two"]')
    await live(stack)
    made = await deployments.rollback(stack.platform, stack.actor, PATH)
    await stack.work()
    back = await stack.deployment(made.id)
    assert (back.state, back.release_number) == ("live", 1)
    first, second = reversed(await history.list_releases(stack.platform, stack.actor, PATH))
    workload = next(iter(stack.engine._containers.values())).workload
    assert workload.image == first.image.reference != second.image.reference
    assert workload.environment["GREETING"] == "one"


async def test_rolling_back_names_what_there_is(stack: Stack) -> None:
    with pytest.raises(Conflict, match="no earlier release"):
        await deployments.rollback(stack.platform, stack.actor, PATH)
    await live(stack)
    with pytest.raises(NotFound, match="v7") as missing:
        await deployments.rollback(stack.platform, stack.actor, PATH, version=7)
    assert "v1" in missing.value.hint


async def test_the_newest_of_the_waiting_wins(stack: Stack) -> None:
    first, second, third = [await stack.deploy() for _ in range(3)]
    await stack.work()
    states = [(await stack.deployment(made.id)).state for made in (first, second, third)]
    assert states == ["superseded", "superseded", "live"]
    assert len(await stack.engine.instances()) == 1


async def test_waiting_in_line_is_possible_too(stack: Stack) -> None:
    first = await stack.deploy()
    second = await stack.deploy(policy="wait")
    view = await history.get_deployment(stack.platform, stack.actor, second.id)
    assert view.position == 1
    await stack.work()
    ended = [await stack.deployment(made.id) for made in (first, second)]
    assert [made.state for made in ended] == ["superseded", "live"]
    assert all(made.live_at for made in ended)


async def test_a_waiting_deployment_is_cancelled_at_once(stack: Stack) -> None:
    made = await stack.deploy()
    assert (await deployments.cancel(stack.platform, stack.actor, made.id)).state == "cancelled"
    await stack.work()
    assert await stack.engine.instances() == []


@pytest.mark.parametrize("step", ["clone", "build", "push", "deploy", "health"])
async def test_a_cancel_in_any_step_before_traffic_moves_leaves_nothing(tmp_path: Path, step: str) -> None:
    async with fake_stack(tmp_path) as stack:
        before = await live(stack)
        reached = asyncio.Event()
        verbs = {"clone": "resolve", "build": "build", "push": "push", "deploy": "start"}

        async def hang(verb: str, when: str) -> None:
            if verb == verbs.get(step) and when == "before":
                reached.set()
                await asyncio.sleep(60)

        if step == "health":
            stack.engine.behaviours = _All(never_listens())
        stack.intercept(hang)
        made = await stack.deploy()
        async with stack.working():
            while not reached.is_set() and (await steps(stack, made))[step].state != "running":
                await asyncio.sleep(0.002)
            stack.intercept(None)
            await deployments.cancel(stack.platform, stack.actor, made.id)
            while not await stack.is_idle():
                await asyncio.sleep(0.002)
        assert (await stack.deployment(made.id)).state == "cancelled"
        assert [each.owner.deployment for each in await stack.engine.instances()] == [before.id]
        serving_now = await serving(stack)
        assert serving_now
        assert serving_now.owner.deployment == before.id


async def test_what_is_live_can_not_be_cancelled(stack: Stack) -> None:
    made = await live(stack)
    with pytest.raises(Conflict, match="live") as refused:
        await deployments.cancel(stack.platform, stack.actor, made.id)
    assert "roll back" in refused.value.hint


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (exits(1), "app-exited"),
        (never_listens(), "not-listening"),
        (listens_on("127.0.0.1"), "listening-on-loopback"),
        (listens_on("0.0.0.0", 3000), "listening-on-another-port"),
        (serves(500), "server-error"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_broken_app_is_told_by_class_and_the_old_one_serves_on(
    tmp_path: Path, behaviour: object, code: str
) -> None:
    async with fake_stack(tmp_path, settings=IMPATIENT) as stack:
        before = await live(stack)
        stack.engine.behaviours = _All(behaviour)
        ended = await failed(stack)
        assert ended.failure
        assert (ended.failure.code, bool(ended.failure.hint)) == (code, True)
        now = await serving(stack)
        assert now
        assert now.owner.deployment == before.id
        view = await services.get_service(stack.platform, stack.actor, PATH)
        assert view.state == "running", "a failed deployment over a serving one leaves the service running"


@pytest.mark.parametrize(
    ("everywhere", "first_page"),
    [(404, 200), pytest.param(308, 200, id="as Next.js does"), pytest.param(302, 302, id="all leads to a login")],
)
async def test_an_app_without_the_default_path_is_weakly_verified(
    stack: Stack, everywhere: int, first_page: int
) -> None:
    stack.engine.behaviours = _All(serves(everywhere, paths={"/": first_page}))
    made = await live(stack)
    assert f"Weakly verified: only / answered ({first_page})" in made.weakly_verified


async def test_an_app_that_refuses_its_host_s_name_is_not_up(tmp_path: Path) -> None:
    async with fake_stack(tmp_path, settings=IMPATIENT) as stack:
        stack.engine.behaviours = _All(serves(400))
        ended = await failed(stack)
        assert ended.failure
        assert ended.failure.code == "bad-host"


async def test_a_path_the_user_set_is_strict(tmp_path: Path) -> None:
    settings = ServiceSettings(probe=Probe(path="/up", timeout=0.3))
    async with fake_stack(tmp_path, settings=settings) as stack:
        stack.engine.behaviours = _All(serves(404, paths={"/": 200}))
        ended = await failed(stack)
        assert ended.failure
        assert ended.failure.code == "no-such-path"


async def test_process_types_are_gated_together(stack: Stack) -> None:
    procfile = "web: serve\nworker: work\nrelease: migrate\n"
    stack.sources.add(REPOSITORY, "main", {"Dockerfile": "FROM base:1\nEXPOSE 8080\n", "Procfile": procfile})
    await live(stack)
    names = [each.name for each in await stack.engine.instances()]
    assert names == ["acme.shop.production.api.v1.d1.web.1", "acme.shop.production.api.v1.d1.worker.1"]
    image = (await history.list_releases(stack.platform, stack.actor, PATH))[0].image.reference
    stack.engine.behaviours = {(image, "worker"): exits(3)}
    ended = await failed(stack)
    assert ended.failure
    assert ended.failure.code == "app-exited"
    assert "worker" in ended.failure.message


async def test_what_the_source_says_about_scale_and_health_counts_until_the_user_says_otherwise(stack: Stack) -> None:
    declared = '[processes.web]\ncommand = "serve"\nscale = 2\n[health]\npath = "/up"\n'
    stack.sources.add(REPOSITORY, "main", {"Dockerfile": "FROM base:1\nEXPOSE 8080\n", "shipway.toml": declared})
    stack.engine.behaviours = _All(serves(404, paths={"/up": 200}))
    made = await live(stack)
    assert made.weakly_verified == ""
    assert len(await stack.engine.instances()) == 2
    await deployments.scale(stack.platform, stack.actor, PATH, {"web": 1})
    await stack.work()
    assert len(await stack.engine.instances()) == 1
    await live(stack)
    assert len(await stack.engine.instances()) == 1
    changed = {"probe": {"path": "/mine", "timeout": 0.3}}
    await services.change_service(stack.platform, stack.actor, PATH, settings=changed)
    assert (await failed(stack)).failure is not None


async def test_a_member_of_a_workspace_is_built_from_its_top(stack: Stack) -> None:
    path = ServicePath("acme", "shop", "production", "member")
    files = {
        "package.json": '{"workspaces": ["apps/*"]}',
        "package-lock.json": "{}",
        "apps/api/package.json": '{"name": "api", "scripts": {"start": "node server.js"}}',
        "apps/api/server.js": "require('http').createServer().listen(process.env.PORT)",
    }
    stack.sources.add(REPOSITORY, "main", files)
    await a_service(stack, path, source=GitSource(REPOSITORY, "main", "apps/api"))
    made = await deployments.deploy(stack.platform, stack.actor, path)
    await stack.work()
    assert (await stack.deployment(made.id)).state == "live"
    log = await logs.step_log(stack.platform, stack.actor, made.id, "analyze")
    assert "a member of a workspace" in str(log)


async def test_a_failing_release_command_starts_nothing(stack: Stack) -> None:
    procfile = "web: serve\nrelease: migrate\n"
    stack.sources.add(REPOSITORY, "main", {"Dockerfile": "FROM base:1\nEXPOSE 8080\n", "Procfile": procfile})
    await live(stack)
    image = (await history.list_releases(stack.platform, stack.actor, PATH))[0].image.reference
    stack.engine.behaviours = {(image, "release"): exits(2)}
    ended = await failed(stack)
    assert ended.failure
    assert ended.failure.code == "release-command-failed"
    assert "exit code 2" in ended.failure.message


async def test_a_world_that_comes_back_is_waited_for(stack: Stack) -> None:
    stack.builder.fail_next("push", Unavailable("The registry does not answer."))
    made = await live(stack)
    log = await logs.step_log(stack.platform, stack.actor, made.id, "push")
    assert "The registry does not answer. Trying again" in log.text


async def test_a_bug_of_ours_is_contained_and_named(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.builder.fail_next("build", KeyError("surprise"))
    ended = await failed(stack)
    assert ended.failure
    assert ended.failure.code == "internal"
    assert "surprise" not in ended.failure.message
    assert "KeyError: 'surprise'" in capsys.readouterr().out


async def test_scaling_survives_deployments(stack: Stack) -> None:
    await live(stack)
    await deployments.scale(stack.platform, stack.actor, PATH, {"web": 3})
    await stack.work()
    assert len(await stack.engine.instances()) == 3
    await live(stack)
    assert len(await stack.engine.instances()) == 3
    with pytest.raises(Invalid, match="wb"):
        await deployments.scale(stack.platform, stack.actor, PATH, {"wb": 3})


async def test_scaling_while_a_deployment_is_under_way_scales_what_it_made(stack: Stack) -> None:
    await live(stack)
    change_app(stack, 'CMD ["two"]')
    await stack.deploy()
    await deployments.scale(stack.platform, stack.actor, PATH, {"web": 2})
    await stack.work()
    assert {each.owner.release for each in await stack.engine.instances()} == {2}
    assert len(await stack.engine.instances()) == 2


async def test_a_switch_that_half_failed_is_taken_back_before_anything_is_stopped(stack: Stack) -> None:
    before = await live(stack)

    async def break_after_the_switch(verb: str, when: str) -> None:
        target = await stack.router.request(HOST)
        running = {each.name for each in await stack.engine.instances() if each.state == "running"}
        assert target in running, "requests led to an instance that was stopped"
        if (verb, when) == ("apply", "after") and len(running) == 2 and not broken:
            broken.append(target)
            raise OSError("No space left on device")

    broken: list[str | None] = []
    stack.intercept(break_after_the_switch)
    ended = await failed(stack)
    assert broken
    assert ended.failure
    assert (ended.failure.code, ended.failure.step) == ("internal", "route")
    assert [each.owner.deployment for each in await stack.engine.instances()] == [before.id]


async def test_a_clean_up_that_fails_does_not_hide_why(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shipway.pipeline.run.PATIENCE", ())
    stack.engine.behaviours = _All(exits(1))

    async def refuse(verb: str, _when: str) -> None:
        if verb == "stop":
            raise Unavailable("The engine has gone away.")

    stack.intercept(refuse)
    made = await stack.deploy()
    await stack.work()
    ended = await stack.deployment(made.id)
    assert ended.failure
    assert (ended.state, ended.failure.code) == ("failed", "app-exited")
    stack.intercept(None)
    await Janitor(stack.platform).round()
    assert await stack.engine.instances() == []


async def test_a_cancelled_release_command_does_not_run_on(stack: Stack) -> None:
    procfile = "web: serve\nrelease: migrate\n"
    stack.sources.add(REPOSITORY, "main", {"Dockerfile": "FROM base:1\nEXPOSE 8080\n", "Procfile": procfile})
    stack.engine.behaviours = _All(never_listens())
    made = await stack.deploy()
    async with stack.working():
        while not any(each.one_off for each in stack.engine._containers.values()):
            await asyncio.sleep(0.002)
        await deployments.cancel(stack.platform, stack.actor, made.id)
        while not await stack.is_idle():
            await asyncio.sleep(0.002)
    assert (await stack.deployment(made.id)).state == "cancelled"
    assert stack.engine._containers == {}


async def test_one_service_that_can_not_start_keeps_no_other_down(stack: Stack) -> None:
    other = await a_service(stack, ServicePath("acme", "shop", "production", "web"))
    await live(stack)
    await deployments.deploy(stack.platform, stack.actor, other.path)
    await stack.work()
    first, second = await stack.engine.instances()
    for instance in (first, second):
        await stack.engine.stop(instance.name, 0)
    release = (await history.list_releases(stack.platform, stack.actor, PATH))[0]
    stack.engine.missing_images.add(release.image.reference)
    await Janitor(stack.platform).round()
    assert [each.name for each in await stack.engine.instances()] == [second.name]


async def test_another_workspaces_image_can_not_be_run(tmp_path: Path) -> None:
    async with fake_stack(tmp_path, source=ImageSource("redis:7")) as stack:
        registry = stack.platform.registry
        theirs = registry.repository("rival", "shop/production/api") + "@sha256:" + "0" * 64
        own = registry.repository("acme", "shop/production/web") + ":v1"
        for reference in (theirs, "sha256:" + "0" * 64, "0123456789ab", "shipway-build/rival/a/b/c:v1", "a b"):
            with pytest.raises(Invalid, match="image"):
                await stack.deploy(revision=Revision(image=reference))
        await stack.deploy(revision=Revision(image=own))


async def test_two_tenants_may_use_the_same_names(stack: Stack) -> None:
    other = await a_service(stack, ServicePath("rival", "shop", "production", "api"))
    assert other.hosts[0] != HOST
    assert other.hosts[0].startswith("api-production-shop-")


async def test_a_restart_replaces_the_instances_of_the_same_release(stack: Stack) -> None:
    await live(stack)
    await deployments.restart(stack.platform, stack.actor, PATH)
    await stack.work()
    assert [each.name for each in await stack.engine.instances()] == ["acme.shop.production.api.v1.d2.web.1"]


async def test_config_reaches_the_next_release_only(stack: Stack) -> None:
    await live(stack)
    await config.change_config(stack.platform, stack.actor, PATH, values={"A": 'x=$Y "\n'})
    assert "A" not in next(iter(stack.engine._containers.values())).workload.environment
    await live(stack)
    assert next(iter(stack.engine._containers.values())).workload.environment["A"] == 'x=$Y "\n'


async def test_a_second_service_with_the_same_host_is_refused_and_leaves_nothing(stack: Stack) -> None:
    other = ServicePath("acme", "shop", "production", "other")
    with pytest.raises(Conflict, match=HOST) as refused:
        await services.create_service(stack.platform, stack.actor, other, ImageSource("redis:7"), hosts=[HOST])
    assert "--host" in refused.value.hint
    with pytest.raises(NotFound):
        await services.get_service(stack.platform, stack.actor, other)


async def test_a_revision_that_does_not_fit_the_source_is_refused(stack: Stack) -> None:
    with pytest.raises(Invalid, match="not deployed from uploads"):
        await stack.deploy(revision=Revision(upload="0" * 64))
    with pytest.raises(Invalid, match="not deployed from an image"):
        await stack.deploy(revision=Revision(image="redis"))


async def test_different_services_deploy_side_by_side(stack: Stack) -> None:
    other = await a_service(stack, ServicePath("acme", "shop", "production", "web"))
    inside, together = set[str](), asyncio.Event()

    async def meet(verb: str, when: str) -> None:
        if (verb, when) == ("build", "before"):
            inside.add(str(len(inside)))
            if len(inside) == 2:
                together.set()
            await asyncio.wait_for(together.wait(), 5)

    stack.builder.intercept = meet
    await stack.deploy()
    await deployments.deploy(stack.platform, stack.actor, other.path)
    await stack.work()
    assert await serving(stack) is not None
    assert await serving(stack, "web-production-shop.localhost") is not None


async def test_deleting_a_service_leaves_nothing_of_it(stack: Stack) -> None:
    await live(stack)
    with pytest.raises(Invalid, match="confirmation"):
        await deletion.delete_service(stack.platform, stack.actor, PATH, confirm="api")
    await deletion.delete_service(stack.platform, stack.actor, PATH, confirm=str(PATH))
    assert await stack.engine.instances() == []
    assert await stack.router.request(HOST) is None
    assert stack.engine.networks == set()
    assert list((stack.platform.settings.home / "logs").glob("*")) == []


async def test_the_janitor_stops_what_nobody_wants_and_starts_what_is_missing(stack: Stack) -> None:
    made = await live(stack)
    stray = Workload("stray", Owner("svc_gone", "dep_gone"), "image", None, {}, "net", resources=Resources())
    await stack.engine.start(stray)
    await stack.engine.stop("acme.shop.production.api.v1.d1.web.1", 0)
    await Janitor(stack.platform).round()
    assert [each.owner.deployment for each in await stack.engine.instances()] == [made.id]
    assert await serving(stack) is not None


async def test_another_tenants_deployment_does_not_exist(stack: Stack) -> None:
    from dataclasses import replace

    made = await live(stack)
    stranger = replace(stack.actor, user=replace(stack.actor.user, admin=False))
    with pytest.raises(NotFound):
        await history.get_deployment(stack.platform, stranger, made.id)
    with pytest.raises(NotFound):
        await services.get_service(stack.platform, stranger, PATH)
    assert await services.list_services(stack.platform, stranger) == []


async def test_watching_tells_everything_once_and_ends(stack: Stack) -> None:
    made = await stack.deploy()

    async def watch() -> list[object]:
        return [each async for each in logs.watch_deployment(stack.platform, stack.actor, made.id)]

    watching = asyncio.create_task(watch())
    await stack.work()
    told = await asyncio.wait_for(watching, 5)
    text = "".join(each.text for each in told if isinstance(each, logs.StepOutput))
    assert text.count("-----> Building v1") == 1
    last = [each for each in told if isinstance(each, history.DeploymentView)][-1]
    assert last.deployment.state == "live"
    assert all(step.state == "complete" for step in last.steps)


class _All(dict):  # type: ignore[type-arg]
    """The same behaviour for whatever image."""

    def __init__(self, behaviour: object) -> None:
        self._behaviour = behaviour

    def get(self, _key: object, _default: object = None) -> object:
        return self._behaviour
