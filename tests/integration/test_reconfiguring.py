"""Today's config for the code that is live: no newer code, whatever the source has by now or the queue holds."""

from pathlib import Path
from typing import Any

import pytest
from tests.support.asgi import AIM, PIPELINE, SERVICE, Api, an_api
from tests.support.stack import AT_ONCE, DOCKERFILE, PATH, REPOSITORY, Stack, a_service

from shipway.api import environment_file
from shipway.builders.builder import BuildRequest, BuiltImage
from shipway.domain.deployment import Deployment, Guarded
from shipway.domain.errors import Conflict
from shipway.domain.log import Log
from shipway.domain.names import ServicePath
from shipway.domain.release import Release
from shipway.domain.source import ImageSource, UploadSource
from shipway.domain.traffic import Traffic
from shipway.engines.fake import exits
from shipway.operations import (
    again,
    config,
    config_files,
    deployments,
    promotion,
    secrets,
)
from shipway.operations.applying import apply
from shipway.operations.reconfiguring import reconfigure
from shipway.store import journal, releases
from shipway.web import words
from shipway.worker.guard import Guardian

STAGING = ServicePath("acme", "shop", "staging", "api")


@pytest.fixture
def stack(api: Api) -> Stack:
    return api.stack


def push(stack: Stack, text: str, **files: str) -> str:
    return stack.sources.add(REPOSITORY, "main", {"Dockerfile": f"{DOCKERFILE}# {text}\n", **files})


async def configure(stack: Stack, *buildtime: str, path: ServicePath = PATH, **values: str) -> None:
    marks = dict.fromkeys(buildtime, True)
    await config.change_config(stack.platform, stack.actor, path, values=values, buildtime=marks)


async def asked(stack: Stack) -> Deployment:
    return await reconfigure(stack.platform, stack.actor, PATH)


async def done(stack: Stack, made: Deployment | None = None) -> Deployment:
    made = made or await asked(stack)
    await stack.work()
    return await stack.deployment(made.id)


async def release_of(stack: Stack, made: Deployment) -> Release:
    async with stack.platform.database.read() as tx:
        return await releases.get(tx, made.release_id or "")


async def running(stack: Stack) -> list[tuple[str, str, str | None]]:
    """Name, image and the variable `A` of each instance."""
    listed = await stack.engine.instances()
    loads = [stack.engine.workload(each.name) for each in listed if each.state == "running"]
    return [(load.name, load.image, load.environment.get("A")) for load in loads]


def build_arguments(stack: Stack) -> list[dict[str, str]]:
    """Of each build from now on."""
    seen: list[dict[str, str]] = []
    build = stack.builder.build

    async def spy(request: BuildRequest, log: Log) -> BuiltImage:
        seen.append(dict(request.arguments))
        return await build(request, log)

    stack.builder.build = spy  # type: ignore[method-assign]
    return seen


def log(stack: Stack, made: Deployment, step: str) -> str:
    return (stack.platform.settings.home / "logs" / made.id / f"{step}.log").read_text()


class TestTheCodeThatIsLive:
    async def test_it_gets_todays_config_in_a_release_derived_from_the_live_one(self, api: Api, stack: Stack) -> None:
        first = await release_of(stack, await stack.deployed())
        push(stack, "newer code")
        await configure(stack, A="today")
        answer = await api("POST", f"{PIPELINE}/reconfigure", params=AIM)
        assert (answer.status_code, answer.json()["action"], answer.json()["built_for"]) == (202, "reconfigure", [])
        made = await done(stack, await stack.deployment(answer.json()["id"]))
        second = await release_of(stack, made)
        assert (made.state, second.number, second.derived_from) == ("live", 2, 1)
        assert (second.image, second.commit) == (first.image, first.commit)
        assert await running(stack) == [(f"{PATH}".replace("/", ".") + ".v2.d2.web.1", first.image.reference, "today")]
        shown = (await api("GET", f"/deployments/{made.id}")).json()
        assert [step["state"] for step in shown["steps"]][:5] == ["skipped"] * 4 + ["complete"]

    async def test_its_release_command_runs_for_its_database_may_be_another(self, stack: Stack) -> None:
        push(stack, "1", Procfile="web: app\nrelease: migrate $A\n")
        await stack.deployed()
        ran: list[Any] = []
        run = stack.engine.run

        async def spy(workload: Any, *rest: Any) -> int:
            ran.append(workload.environment["A"])
            return await run(workload, *rest)

        stack.engine.run = spy  # type: ignore[method-assign]
        await configure(stack, A="today")
        assert ((await done(stack)).state, ran) == ("live", ["today"])
        # With nothing changed nothing is started, and it does not run again.
        assert ((await done(stack)).state, ran) == ("live", ["today"])

    async def test_an_image_keeps_its_digest_although_its_tag_leads_elsewhere_by_now(self, tmp_path: Path) -> None:
        async with an_api(tmp_path / "image", source=ImageSource("registry.test/api:1")) as api:
            stack = api.stack
            first = await release_of(stack, await stack.deployed())

            async def moved(reference: str) -> tuple[str, int]:
                return f"registry.test/api@sha256:{'f' * 64}", 80

            stack.engine.resolve_image = moved  # type: ignore[method-assign]
            await configure(stack, A="today")
            made = await done(stack)
            assert (await release_of(stack, made)).image == first.image
            assert [image for _, image, _ in await running(stack)] == [first.image.reference]
            assert (await release_of(stack, await stack.deployed())).image != first.image

    async def test_a_health_check_that_the_source_declares_in_part_stays_whole(self, stack: Stack) -> None:
        await stack.change(probe={"timeout": 30.0})
        push(stack, "1", **{"shipway.toml": '[health]\npath = "/up"\n'})
        first = await release_of(stack, await stack.deployed())
        assert (first.settings.probe.path, first.settings.probe.timeout) == ("/up", 30)
        await configure(stack, A="today")
        assert (await release_of(stack, await done(stack))).settings.probe == first.settings.probe
        await stack.change(probe={"timeout": 20.0})
        assert (await release_of(stack, await done(stack))).settings.probe.timeout == 20

    async def test_what_nothing_is_live_of_is_deployed_from_its_source(self, stack: Stack) -> None:
        made = await done(stack)
        assert (made.action, made.state, made.release_number) == ("deploy", "live", 1)


class TestInTheQueue:
    async def test_a_deploy_that_waits_goes_live_and_what_it_took_already_starts_nothing(self, stack: Stack) -> None:
        await stack.deployed()
        head = push(stack, "newer code")
        await configure(stack, A="today")
        deploy = await stack.deploy()
        made = await done(stack)
        assert (await stack.deployment(deploy.id)).release_number == 2
        assert (made.state, made.release_number, (await release_of(stack, made)).commit) == ("live", 2, head)
        assert [name.split(".")[-3] for name, _, _ in await running(stack)] == ["d2"]

    async def test_where_the_deploy_before_it_fails_the_code_that_is_live_has_the_config(self, stack: Stack) -> None:
        first = await release_of(stack, await stack.deployed())
        push(stack, "broken", Dockerfile=f"{DOCKERFILE}RUN exit 3\n")
        await configure(stack, A="today")
        deploy = await stack.deploy()
        made = await done(stack)
        assert (await stack.deployment(deploy.id)).state == "failed"
        assert (made.state, (await release_of(stack, made)).image) == ("live", first.image)
        assert [value for _, _, value in await running(stack)] == ["today"]

    async def test_one_that_waits_gives_way_to_the_next_and_to_a_deploy(self, stack: Stack) -> None:
        await stack.deployed()
        first, second = await asked(stack), await asked(stack)
        assert [(await stack.deployment(each.id)).state for each in (first, second)] == ["superseded", "queued"]
        deploy = await stack.deploy()
        await stack.work()
        assert [(await stack.deployment(each.id)).state for each in (second, deploy)] == ["superseded", "live"]


class TestWhatNothingHasChangedOf:
    async def test_other_config_files_are_seen_by_what_runs(self, stack: Stack) -> None:
        await stack.deployed()
        before = await running(stack)
        await config_files.change_files(stack.platform, stack.actor, PATH, files={"a": "1"}, deploy=False)
        made = await done(stack)
        assert (made.state, made.release_number, await running(stack)) == ("live", 2, before)
        assert stack.engine.files(before[0][0]) == {"a": b"1"}

    async def test_a_secret_that_is_looked_up_at_each_start_is_a_reason_to_start(self, stack: Stack) -> None:
        await secrets.set_secret(stack.platform, stack.actor, PATH.home, "S", "old")
        await secrets.change_bindings(stack.platform, stack.actor, PATH, variables={"A": "S@latest"})
        await stack.deployed()
        await secrets.set_secret(stack.platform, stack.actor, PATH.home, "S", "new")
        made = await done(stack)
        assert (made.release_number, [value for _, _, value in await running(stack)]) == (2, ["new"])

    async def test_other_instances_of_it_are_not_preceded_by_its_command_or_tried_out(self, stack: Stack) -> None:
        push(stack, "1", Procfile="web: app\nrelease: migrate\n")
        await stack.change(strategy={"type": "canary"})
        await stack.deployed()
        text = "[services.api.processes.web]\nscale = 2\n"
        wanted = environment_file.read(text, {}, "shipway.toml")
        [(_, made)] = (await apply(stack.platform, stack.actor, PATH.home, wanted, deploy=True)).deployments
        ended = await done(stack, made)
        assert (ended.state, ended.release_number, len(await running(stack))) == ("live", 1, 2)
        assert "release command" not in log(stack, ended, "release")
        async with stack.platform.database.read() as tx:
            assert await journal.recorded(tx, ended.id, "canary") is None


class TestBuiltAgain:
    async def test_where_the_image_has_another_build_time_var_the_live_commit_is_built(self, stack: Stack) -> None:
        await configure(stack, "SITE", SITE="then")
        commit = push(stack, "live")
        await stack.deployed()
        push(stack, "newer code")
        await configure(stack, SITE="now")
        seen = build_arguments(stack)
        made = await asked(stack)
        assert (made.action, made.built_for) == ("reconfigure", ("SITE",))
        ended = await done(stack, made)
        assert (ended.state, seen) == ("live", [{"SITE": "now"}])
        assert (await release_of(stack, ended)).commit == commit
        assert "v1, is built again: its image has not today's SITE" in log(stack, ended, "clone")
        assert words.action(ended) == "Today's config, built again for SITE"
        # Its image has it from now on.
        assert (await asked(stack)).built_for == ()

    async def test_a_build_secret_that_was_set_since_counts_and_one_that_was_there_does_not(self, stack: Stack) -> None:
        change = config.change_config
        await change(stack.platform, stack.actor, PATH, build_secrets={"TOKEN": "1", "OTHER": "1"})
        await stack.deployed()
        assert (await asked(stack)).built_for == ()
        await change(stack.platform, stack.actor, PATH, build_secrets={"TOKEN": "2"}, unset=["OTHER"])
        made = await done(stack)
        assert (made.built_for, made.state, made.release_number) == (("OTHER", "TOKEN"), "live", 2)

    async def test_whether_it_is_built_is_decided_when_its_turn_comes(self, stack: Stack) -> None:
        await stack.deployed()
        head = push(stack, "newer code")
        await configure(stack, "SITE", SITE="now")
        await stack.deploy()
        made = await asked(stack)
        assert made.built_for == ("SITE",)
        ended = await done(stack, made)
        assert (ended.state, ended.built_for, ended.release_number) == ("live", (), 2)
        assert (await release_of(stack, ended)).commit == head

    async def test_what_is_changed_while_it_is_under_way_is_not_recorded_for_an_image_without_it(
        self, stack: Stack
    ) -> None:
        await stack.deployed()
        await configure(stack, A="1")
        made = await asked(stack)

        async def meanwhile(_verb: str, when: str) -> None:
            async with stack.platform.database.read() as tx:
                begun = await journal.recorded(tx, made.id, "clone")
            if when == "after" and begun:
                stack.intercept(None)
                await configure(stack, "SITE", SITE="now")

        stack.intercept(meanwhile)
        ended = await done(stack, made)
        assert ended.failure is not None
        assert (ended.state, ended.failure.step, ended.failure.code) == ("failed", "release", "conflict")
        assert "SITE" in ended.failure.message
        retried = await done(stack, await again.retry(stack.platform, stack.actor, ended.id))
        assert (retried.action, retried.state, retried.built_for) == ("reconfigure", "live", ("SITE",))

    async def test_an_image_that_is_not_of_the_services_source_is_refused_for_it(self, stack: Stack) -> None:
        await a_service(stack, STAGING, source=UploadSource(), settings=AT_ONCE)
        await stack.deployed()
        await promotion.promote_release(stack.platform, stack.actor, PATH, STAGING)
        await stack.work()
        await configure(stack, path=STAGING, A="1")
        made = await reconfigure(stack.platform, stack.actor, STAGING)
        await stack.work()
        assert (await stack.deployment(made.id)).state == "live"
        await configure(stack, "SITE", path=STAGING, SITE="now")
        with pytest.raises(Conflict, match=r"v2, which is live.*SITE.*can't be built again"):
            await reconfigure(stack.platform, stack.actor, STAGING)


class TestAfterwards:
    async def test_one_that_failed_is_tried_again_with_the_config_of_then(self, stack: Stack) -> None:
        first = await release_of(stack, await stack.deployed())
        stack.engine.behaviours[first.image.reference] = exits(1)
        await configure(stack, A="wrong")
        failed = await done(stack)
        assert (failed.state, [value for _, _, value in await running(stack)]) == ("failed", [None])
        del stack.engine.behaviours[first.image.reference]
        await configure(stack, A="right")
        waiting = await stack.deploy()
        retried = await done(stack, await again.retry(stack.platform, stack.actor, failed.id))
        assert (retried.action, retried.state) == ("reconfigure", "live")
        assert (await stack.deployment(waiting.id)).live_at, "it took the place of newer code"
        assert [value for _, _, value in await running(stack)] == ["right"]

    async def test_a_rollback_brings_back_the_former_config_and_warns_of_no_command(self, stack: Stack) -> None:
        push(stack, "1", Procfile="web: app\nrelease: migrate\n")
        await stack.deployed()
        await configure(stack, A="today")
        await done(stack)
        back = await done(stack, await deployments.rollback(stack.platform, stack.actor, PATH))
        assert (back.release_number, [value for _, _, value in await running(stack)]) == (1, [None])
        assert "has run since" not in log(stack, back, "release")

    async def test_the_guard_undoes_it_even_where_its_command_has_run(self, stack: Stack) -> None:
        push(stack, "1", Procfile="web: app\nrelease: migrate\n")
        first = await stack.deployed()
        stack.router.made_up[first.id] = Traffic(requests=1000, errors_5xx=1)
        await configure(stack, A="wrong")
        made = await done(stack)
        stack.router.made_up[made.id] = Traffic(requests=200, errors_5xx=40)
        await Guardian(stack.platform).round()
        await stack.work()
        told = (await stack.deployment(made.id)).guarded
        assert isinstance(told, Guarded) and (told.verdict, told.undone_by) == ("undone", 3)
        assert [value for _, _, value in await running(stack)] == [None]


class TestPlanned:
    async def test_it_is_told_beforehand_and_is_done_so(self, api: Api, stack: Stack) -> None:
        await stack.deployed()
        await configure(stack, A="today")
        plan = (await api("POST", f"{SERVICE}/plan", json={"action": "reconfigure"})).json()
        assert (plan["release"], plan["image_from"]) == (2, {"service": str(PATH), "number": 1})
        assert [(each["name"], each["change"]) for each in plan["config"]] == [("A", "added")]
        made = await done(stack)
        assert (await api("GET", f"/deployments/{made.id}")).json()["plan"] == plan
        at_rest = (await api("POST", f"{SERVICE}/plan", json={"action": "reconfigure"})).json()
        assert (at_rest["mode"], at_rest["release"], at_rest["replaces"]) == ("in-place", 2, 2)

    async def test_a_build_is_told_with_what_it_is_for(self, api: Api, stack: Stack) -> None:
        await stack.deployed()
        await configure(stack, "SITE", SITE="now")
        plan = (await api("POST", f"{SERVICE}/plan", json={"action": "reconfigure"})).json()
        assert (plan["image"], plan["image_from"]) == ("a new build", None)
        assert "its image has not today's SITE" in plan["warnings"][0]


class TestApplied:
    async def applied(self, stack: Stack, text: str) -> list[str]:
        wanted = environment_file.read(text, {}, "shipway.toml")
        made = (await apply(stack.platform, stack.actor, PATH.home, wanted, deploy=True)).deployments
        await stack.work()
        return [each.action for _, each in made]

    async def test_a_file_that_changes_only_config_ships_no_newer_code(self, stack: Stack) -> None:
        first = await release_of(stack, await stack.deployed())
        push(stack, "newer code")
        assert await self.applied(stack, '[services.api.config]\nA = "1"\n') == ["reconfigure"]
        assert await self.applied(stack, '[config]\nALL = "1"\n[services.api]\n') == ["reconfigure"]
        assert [image for _, image, _ in await running(stack)] == [first.image.reference]
        assert await self.applied(stack, "[services.api]\nport = 3000\n") == ["deploy"]
        assert [image for _, image, _ in await running(stack)] != [first.image.reference]

    async def test_code_that_was_deployed_in_vain_is_deployed_with_it_and_config_alone_again(
        self, stack: Stack
    ) -> None:
        await stack.deployed()
        failing = await stack.deploy()
        await deployments.cancel(stack.platform, stack.actor, failing.id)
        await configure(stack, A="0")
        await done(stack)
        assert await self.applied(stack, "[services.api]\n") == ["deploy"]
        cancelled = await asked(stack)
        await deployments.cancel(stack.platform, stack.actor, cancelled.id)
        assert await self.applied(stack, "[services.api]\n") == ["reconfigure"]
        assert await self.applied(stack, "[services.api]\n") == []
