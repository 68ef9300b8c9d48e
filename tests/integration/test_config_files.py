"""Config files and the releases that they make: on fakes, with a real database."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.stack import DOCKERFILE, PATH, REPOSITORY, Stack, a_service, fake_stack

from shipway.domain.artifacts import Finished
from shipway.domain.codec import decode
from shipway.domain.deployment import Deployment
from shipway.domain.errors import Invalid, LimitReached, NotFound
from shipway.domain.names import ServicePath
from shipway.domain.release import Release
from shipway.domain.user import User
from shipway.operations import config, config_files, deployments, planning, services
from shipway.operations.access import Actor
from shipway.pipeline.retire import retire
from shipway.store import journal, releases, rollouts
from shipway.store import services as stored_services
from shipway.worker.janitor import Janitor
from shipway.worker.revive import revive

HOST = "api-production-shop.localhost"


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[Stack]:
    async with fake_stack(tmp_path) as made:
        yield made


async def edit(stack: Stack, *gone: str, deploy: bool = True, **files: str) -> Deployment | None:
    """`edit(stack, app="1")` writes the file `app`, to its end."""
    made = await config_files.change_files(stack.platform, stack.actor, PATH, files=files, delete=gone, deploy=deploy)
    await stack.work()
    return await stack.deployment(made.id) if made else None


async def deployed(stack: Stack, change: str = "") -> Deployment:
    stack.sources.add(REPOSITORY, "main", {"Dockerfile": DOCKERFILE, "changed": change})
    made = await stack.deploy()
    await stack.work()
    return await stack.deployment(made.id)


async def rolled_back(stack: Stack, version: int | None = None) -> Deployment:
    made = await deployments.rollback(stack.platform, stack.actor, PATH, version=version)
    await stack.work()
    return await stack.deployment(made.id)


async def running(stack: Stack) -> list[str]:
    return [each.name for each in await stack.engine.instances() if each.state == "running"]


async def seen(stack: Stack) -> dict[str, str]:
    """What the instance that gets the requests sees."""
    files = stack.engine.files(await stack.router.request(HOST) or "")
    return {path: content.decode() for path, content in files.items()}


async def release_of(stack: Stack, deployment: Deployment | None) -> Release:
    assert deployment is not None and deployment.release_id
    async with stack.platform.database.read() as tx:
        return await releases.get(tx, deployment.release_id)


class TestEditing:
    async def test_a_release_takes_the_files_that_there_are(self, stack: Stack) -> None:
        await edit(stack, app="1")
        made = await deployed(stack)
        assert await seen(stack) == {"app": "1"}
        assert list((await release_of(stack, made)).given.files) == ["app"]

    async def test_an_edit_is_a_release_of_what_is_live_that_starts_nothing(self, stack: Stack) -> None:
        first = await release_of(stack, await deployed(stack))
        before = await stack.engine.instances()
        made = await edit(stack, app="1")
        assert made is not None
        assert (made.action, made.state, made.release_number) == ("config", "live", 2)
        assert (await stack.engine.instances(), await seen(stack)) == (before, {"app": "1"})
        second = await release_of(stack, made)
        assert second.differs_only_in_files(first) and second.config_hash != first.config_hash
        assert (await stack.deployment(made.id)).finished_at is not None

    async def test_its_predecessor_is_superseded_and_its_record_is_kept(self, stack: Stack) -> None:
        first = await deployed(stack)
        made = await edit(stack, app="1")
        assert made is not None
        assert (await stack.deployment(first.id)).state == "superseded"
        async with stack.platform.database.read() as tx:
            [rollout] = await rollouts.listed(tx)
            service = await stored_services.by_path(tx, PATH)
        assert (rollout.deployment_id, rollout.origin, rollout.state) == (made.id, first.id, "live")
        assert service is not None and service.live_deployment_id == made.id

    async def test_it_has_the_config_vars_of_what_is_live_and_not_those_of_today(self, stack: Stack) -> None:
        await deployed(stack)
        await config.change_config(stack.platform, stack.actor, PATH, values={"LATER": "1"})
        assert (await release_of(stack, await edit(stack, app="1"))).given.config == {}

    async def test_no_deploy_leaves_it_to_the_next_release(self, stack: Stack) -> None:
        await deployed(stack)
        assert await edit(stack, deploy=False, app="1") is None
        assert await seen(stack) == {}
        await deployed(stack, "more")
        assert await seen(stack) == {"app": "1"}

    async def test_what_was_left_to_the_next_release_can_be_asked_for_again(self, stack: Stack) -> None:
        await deployed(stack)
        await edit(stack, deploy=False, app="1")
        made = await edit(stack, app="1")
        assert made is not None and made.state == "live"
        assert await seen(stack) == {"app": "1"}
        await rolled_back(stack, 1)
        assert await seen(stack) == {}
        await edit(stack, app="1")
        assert await seen(stack) == {"app": "1"}

    async def test_a_deleted_file_is_gone_from_running_instances(self, stack: Stack) -> None:
        await deployed(stack)
        await edit(stack, app="1", other="2")
        await edit(stack, "app")
        assert await seen(stack) == {"other": "2"}

    async def test_what_is_known_of_a_cutover_stays_known_when_it_takes_over_meanwhile(self, stack: Stack) -> None:
        await deployed(stack)
        held = stack.router.hold(HOST)
        made = await stack.deploy()
        async with stack.working(), asyncio.timeout(20):
            await stack.until(made, "live")
            await stack.router.request(HOST)
            change = await config_files.change_files(stack.platform, stack.actor, PATH, files={"app": "1"})
            assert change is not None
            await stack.until(change, "live")
            assert await held.finish()
            while not await stack.is_idle():
                await asyncio.sleep(0.002)
        async with stack.platform.database.read() as tx:
            recorded = await journal.recorded(tx, made.id, "finalize")
        assert recorded is not None
        report = decode(Finished, recorded[1]).cutover
        assert report is not None
        assert (report.verdict, report.old, report.new) == ("zero-drop proven", 1, 1)

    async def test_no_release_command_has_run_by_it(self, stack: Stack) -> None:
        stack.sources.add(REPOSITORY, "main", {"Dockerfile": DOCKERFILE, "Procfile": "web: app\nrelease: migrate\n"})
        made = await stack.deploy()
        await stack.work()
        made = await stack.deployment(made.id)
        assert (await release_of(stack, made)).release_command
        await edit(stack, app="1")
        back = await planning.plan_rollback(stack.platform, stack.actor, PATH, made.release_number)
        assert back.warnings == ()

    async def test_what_changes_nothing_makes_no_deployment(self, stack: Stack) -> None:
        await deployed(stack)
        await edit(stack, app="1")
        assert await edit(stack, app="1") is None
        assert len(await config_files.file_history(stack.platform, stack.actor, PATH)) == 1

    async def test_edits_that_wait_together_are_one_deployment(self, stack: Stack) -> None:
        await deployed(stack)
        asked = [
            await config_files.change_files(stack.platform, stack.actor, PATH, files={"app": str(number)})
            for number in range(5)
        ]
        await stack.work()
        ended = [(await stack.deployment(each.id)).state for each in asked if each]
        assert ended == ["superseded"] * 4 + ["live"]
        assert await seen(stack) == {"app": "4"}

    async def test_an_edit_does_not_end_a_deployment_that_waits(self, stack: Stack) -> None:
        await deployed(stack)
        waiting = await stack.deploy()
        await edit(stack, app="1")
        assert (await stack.deployment(waiting.id)).live_at is not None
        assert await seen(stack) == {"app": "1"}

    async def test_an_app_that_is_not_well_can_be_cured_by_it(self, stack: Stack) -> None:
        await deployed(stack)
        [name] = await running(stack)
        stack.engine.crash(name)
        made = await edit(stack, app="1")
        assert made is not None and made.state == "live"

    async def test_a_restart_has_the_files_of_what_is_live(self, stack: Stack) -> None:
        await deployed(stack)
        await edit(stack, app="1")
        await deployments.restart(stack.platform, stack.actor, PATH)
        await stack.work()
        assert await running(stack) == ["acme.shop.production.api.v2.d3.web.1"]
        assert await seen(stack) == {"app": "1"}

    async def test_an_instance_that_sees_no_files_is_replaced(self, stack: Stack) -> None:
        """As those do that were started before there were config files."""
        await deployed(stack)
        [container] = stack.engine._containers.values()
        container.workload = type(container.workload)(
            **{name: getattr(container.workload, name) for name in container.workload.__slots__} | {"files": ""}
        )
        await edit(stack, app="1")
        assert await running(stack) == ["acme.shop.production.api.v2.d2.web.1"]
        assert await seen(stack) == {"app": "1"}


class TestGoingBack:
    async def test_a_rollback_of_an_edit_brings_the_former_files_and_starts_nothing(self, stack: Stack) -> None:
        await deployed(stack)
        await edit(stack, app="1")
        await edit(stack, app="2")
        before = await stack.engine.instances()
        made = await rolled_back(stack)
        assert (made.state, made.release_number, await seen(stack)) == ("live", 2, {"app": "1"})
        assert await stack.engine.instances() == before

    async def test_five_releases_each_bring_back_exactly_their_own(self, stack: Stack) -> None:
        await edit(stack, app="0", never="the same")
        await deployed(stack)
        had = {1: await seen(stack)}
        for number in range(2, 6):
            if number % 2:
                await edit(stack, deploy=False, app=str(number))
                await deployed(stack, str(number))
            else:
                await edit(stack, **{"app": f"\n{number} ä\r\n", f"only{number}": ""})
            had[number] = await seen(stack)
        for version in (1, 5, 2, 4, 3, 1):
            made = await rolled_back(stack, version)
            assert (made.state, made.release_number) == ("live", version)
            assert await seen(stack) == had[version]

    async def test_an_undo_takes_over_warm_instances_with_their_own_files(self, stack: Stack) -> None:
        await services.change_service(stack.platform, stack.actor, PATH, settings={"keep_warm": 600})
        await deployed(stack)
        await edit(stack, app="1")
        await deployed(stack, "more")
        await edit(stack, app="2")
        await edit(stack, app="3")
        assert await seen(stack) == {"app": "3"}
        made = await rolled_back(stack, 2)
        assert made.state == "live" and await stack.router.request(HOST) == "acme.shop.production.api.v1.d1.web.1"
        assert await seen(stack) == {"app": "1"}

    async def test_warm_instances_get_the_files_of_the_release_that_takes_them_over(self, stack: Stack) -> None:
        await services.change_service(stack.platform, stack.actor, PATH, settings={"keep_warm": 600})
        await deployed(stack)
        await edit(stack, app="1")
        await deployed(stack, "more")
        await rolled_back(stack, 1)
        assert await stack.router.request(HOST) == "acme.shop.production.api.v1.d1.web.1"
        assert await seen(stack) == {}

    async def test_a_plan_says_that_nothing_starts(self, stack: Stack) -> None:
        await deployed(stack)
        await edit(stack, app="1")
        plan = await planning.plan_rollback(stack.platform, stack.actor, PATH)
        assert (plan.mode, plan.named("start"), plan.named("stop"), plan.named("publish")) == (
            "in-place",
            (),
            (),
            ("v1",),
        )
        assert [(each.name, each.change) for each in plan.config] == [("/etc/config/app", "removed")]


class TestLivingOn:
    async def test_a_live_instance_that_is_lost_comes_back_with_the_files_of_today(self, stack: Stack) -> None:
        await deployed(stack)
        await edit(stack, app="1")
        [name] = await running(stack)
        await stack.engine.stop(name, 0)
        await revive(stack.platform)
        await stack.platform.routes.reconcile()
        assert (await running(stack), await seen(stack)) == ([name], {"app": "1"})

    async def test_workers_that_an_undo_started_come_back_too(self, stack: Stack) -> None:
        files = {"Dockerfile": DOCKERFILE, "Procfile": "web: app\nworker: work\n"}
        await services.change_service(stack.platform, stack.actor, PATH, settings={"keep_warm": 600})
        stack.sources.add(REPOSITORY, "main", files)
        await stack.deploy()
        await stack.work()
        stack.sources.add(REPOSITORY, "main", files | {"more": ""})
        await stack.deploy()
        await stack.work()
        await rolled_back(stack)
        await edit(stack, app="1")
        names = [f"acme.shop.production.api.v1.{each}" for each in ("d1.web.1", "d3.worker.1")]
        await Janitor(stack.platform).round()
        for name in names:
            assert stack.engine.files(name) == {"app": b"1"}
            await stack.engine.stop(name, 0)
        await revive(stack.platform)
        assert set(await running(stack)) >= set(names)

    async def test_an_old_set_keeps_its_files_until_it_is_gone(self, stack: Stack) -> None:
        await services.change_service(stack.platform, stack.actor, PATH, settings={"keep_warm": 600})
        first = await deployed(stack)
        await edit(stack, app="1")
        second = await deployed(stack, "more")
        await edit(stack, app="2")
        old, new = (f"acme.shop.production.api.{each}.web.1" for each in ("v1.d1", "v3.d3"))
        assert (stack.engine.files(old), stack.engine.files(new)) == ({"app": b"1"}, {"app": b"2"})
        await Janitor(stack.platform).round()
        assert len(await stack.engine.file_sets()) == 2
        async with stack.platform.database.read() as tx:
            warm = [each for each in await rollouts.listed(tx) if each.origin == first.id]
        await retire(stack.platform, warm[0].deployment_id, lambda _: 0)
        await Janitor(stack.platform).round()
        assert await stack.engine.file_sets() == {"acme.shop.production.api.v3.d3"}
        assert second.release_number == 3


class TestRefusals:
    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("/etc/passwd", "outside /etc/config"),
            ("/etc/configuration", "outside /etc/config"),
            ("../passwd", "lead out of"),
            ("a/../../b", "lead out of"),
            ("/etc/config/../passwd", "lead out of"),
            ("..data/app", "Shipway's own links"),
            ("", "names no file"),
            ("/etc/config", "names no file"),
            ("a//b", "is empty"),
            ("a/", "is empty"),
            ("./a", "no name for a file"),
            ("a\0b", "NUL"),
            ("a\nb", "other characters"),
            ("a" * 201, "more than 200"),
        ],
    )
    async def test_a_path_that_is_none_is_refused_with_the_reason(self, stack: Stack, name: str, reason: str) -> None:
        with pytest.raises(Invalid, match=reason):
            await config_files.change_files(stack.platform, stack.actor, PATH, files={name: ""})

    async def test_what_is_no_text_is_refused(self, stack: Stack) -> None:
        for text, reason in (("a\0b", "NUL"), ("\ud800", "UTF-8")):
            with pytest.raises(Invalid, match=reason):
                await edit(stack, app=text)

    async def test_what_is_too_long_is_refused_alone_and_together(self, stack: Stack) -> None:
        with pytest.raises(LimitReached, match="at most 1 MiB"):
            await edit(stack, app="ä" * 2**19 + "a")
        for number in range(8):
            await edit(stack, **{f"app{number}": "a" * 2**20})
        with pytest.raises(LimitReached, match="at most 8 MiB"):
            await edit(stack, one_more="a")
        assert len(await config_files.list_files(stack.platform, stack.actor, PATH)) == 8

    async def test_a_path_is_never_both_a_file_and_a_directory(self, stack: Stack) -> None:
        await edit(stack, a="")
        with pytest.raises(Invalid, match="both a file and the directory of a/b"):
            await edit(stack, **{"a/b": ""})
        await edit(stack, "a", **{"a/b": ""})

    async def test_deleting_what_is_not_there_says_so(self, stack: Stack) -> None:
        with pytest.raises(NotFound, match="no config file 'app'"):
            await edit(stack, "app")

    async def test_another_tenant_sees_and_changes_nothing(self, stack: Stack) -> None:
        await edit(stack, app="1")
        stranger = Actor(User("usr_x", "stranger", admin=False, workspaces=frozenset({"ws_x"})))
        for asked in (config_files.list_files, config_files.file_history, config_files.change_files):
            with pytest.raises(NotFound):
                await asked(stack.platform, stranger, PATH)
        with pytest.raises(NotFound):
            await config_files.show_file(stack.platform, stranger, PATH, "app")


class TestHistory:
    async def test_it_says_who_changed_what_and_when_newest_first(self, stack: Stack) -> None:
        await edit(stack, app="1", other="1")
        await edit(stack, app="2")
        await edit(stack, "app")
        told = await config_files.file_history(stack.platform, stack.actor, PATH)
        assert [(each.path, each.change) for each in told] == [
            ("app", "unset"),
            ("app", "set"),
            ("other", "set"),
            ("app", "set"),
        ]
        assert {each.actor for each in told} == {"admin"}
        assert len(await config_files.file_history(stack.platform, stack.actor, PATH, "app")) == 3

    async def test_other_services_have_their_own(self, stack: Stack) -> None:
        other = ServicePath("acme", "shop", "production", "other")
        await a_service(stack, other)
        await edit(stack, app="1")
        assert await config_files.list_files(stack.platform, stack.actor, other) == []
        assert await config_files.file_history(stack.platform, stack.actor, other) == []

    async def test_a_file_is_shown_as_it_was_written(self, stack: Stack) -> None:
        await edit(stack, app="ä\r\n$x '\"")
        view, text = await config_files.show_file(stack.platform, stack.actor, PATH, "/etc/config/app")
        assert (view.stored.path, view.size, text) == ("app", 9, "ä\r\n$x '\"")
