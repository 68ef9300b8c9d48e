"""A rollback to a release whose image was pruned builds it again, and says whether it is the same."""

from pathlib import Path
from typing import Any

import pytest
from tests.support.asgi import AIM, PIPELINE, SERVICE, Api
from tests.support.pages import visitor
from tests.support.stack import DOCKERFILE, PATH, REPOSITORY, Stack, a_service, fake_stack

from shipway.builders.builder import BuildRequest, BuiltImage
from shipway.domain.deployment import Deployment
from shipway.domain.errors import BuildFailed, ImagePruned
from shipway.domain.log import Log
from shipway.domain.names import ServicePath
from shipway.domain.release import Release
from shipway.domain.retention import Mark
from shipway.domain.source import GitSource, Revision, UploadSource
from shipway.engines.fake import exits
from shipway.operations import again, builds, config, deployments, images, planning, promotion, releases
from shipway.operations.planning import ConfigMode
from shipway.operations.services import change_service

STAGING = ServicePath("acme", "shop", "staging", "api")


@pytest.fixture
def stack(api: Api) -> Stack:
    return api.stack


def commit(stack: Stack, text: object) -> str:
    return stack.sources.add(REPOSITORY, "main", {"Dockerfile": f"{DOCKERFILE}# {text}\n"})


async def configured(stack: Stack, *buildtime: str, **values: str) -> None:
    marks = dict.fromkeys(buildtime, True)
    await config.change_config(stack.platform, stack.actor, PATH, values=values, buildtime=marks)


async def first_is_pruned(stack: Stack) -> str:
    """Three releases, of the first of which the image is gone; returns its commit."""
    sha = commit(stack, 1)
    for number in (1, 2, 3):
        commit(stack, number)
        assert (await stack.deployed()).state == "live"
    await images.prune_images(stack.platform, stack.actor, PATH, keep=1)
    assert (await marked(stack))[1][1].pruned_at
    return (await marked(stack))[1][0].commit or sha


async def marked(stack: Stack) -> dict[int, tuple[Release, Mark]]:
    listed = await releases.marked_releases(stack.platform, stack.actor, PATH)
    return {release.number: (release, mark) for release, mark in listed}


async def back(stack: Stack, version: int = 1, config: ConfigMode = "snapshot") -> Deployment:
    made = await deployments.rollback(stack.platform, stack.actor, PATH, version=version, config=config)
    await stack.work()
    return await stack.deployment(made.id)


async def live(stack: Stack) -> tuple[str | None, dict[str, str]]:
    """Image and environment of what runs."""
    (instance,) = await stack.engine.instances()
    workload = stack.engine._containers[instance.name].workload
    return workload.image, dict(workload.environment)


def log(stack: Stack, made: Deployment, step: str) -> str:
    return (stack.platform.settings.home / "logs" / made.id / f"{step}.log").read_text()


def requests(stack: Stack) -> list[BuildRequest]:
    """What the builder is asked for from now on."""
    seen: list[BuildRequest] = []
    build = stack.builder.build

    async def spy(request: BuildRequest, log: Log) -> BuiltImage:
        seen.append(request)
        return await build(request, log)

    stack.builder.build = spy  # type: ignore[method-assign]
    return seen


class TestReproduced:
    async def test_the_release_itself_goes_live_and_has_its_image_back(self, stack: Stack) -> None:
        await configured(stack, A="then")
        sha = await first_is_pruned(stack)
        await configured(stack, A="now")
        made = await back(stack)
        assert made.rebuild is not None
        assert (made.state, made.release_number, made.rebuild.outcome) == ("live", 1, "reproduced")
        release, mark = (await marked(stack))[1]
        assert not mark.pruned_at
        assert set(await marked(stack)) == {1, 2, 3}
        image, environment = await live(stack)
        assert (image, environment["A"]) == (release.image.reference, "then")
        assert release.image.digest in stack.builder.pushed.values()
        build = await builds.build_of(stack.platform, stack.actor, made.id)
        assert build is not None
        assert (build.build.number, build.build.revision) == (4, sha)
        assert f"The image of v1 was pruned: built again from commit {sha[:12]}" in log(stack, made, "clone")
        assert "Rebuilt: reproduced" in log(stack, made, "release")
        # From now on it is one like any other.
        await back(stack, 3)
        assert (await back(stack)).rebuild is None

    async def test_with_todays_config_it_is_a_new_release_of_that_image(self, stack: Stack) -> None:
        await configured(stack, A="then")
        await first_is_pruned(stack)
        await configured(stack, A="now")
        made = await back(stack, config="current")
        assert made.rebuild is not None
        assert (made.state, made.release_number, made.rebuild.outcome) == ("live", 4, "reproduced")
        known = await marked(stack)
        new, old = known[4][0], known[1][0]
        assert (new.image, new.derived_from, new.rebuilt) == (old.image, 1, False)
        assert (await live(stack))[1]["A"] == "now"


class TestDiffers:
    async def test_a_new_release_has_the_old_ones_config_and_the_new_image(self, stack: Stack) -> None:
        await configured(stack, A="then")
        sha = await first_is_pruned(stack)
        await configured(stack, A="now")
        await stack.change(stop_grace=7)
        stack.builder.bases_hold = "a security fix"
        made = await back(stack)
        assert made.rebuild is not None
        assert (made.state, made.release_number, made.rebuild.outcome) == ("live", 4, "differs")
        known = await marked(stack)
        new, old = known[4][0], known[1][0]
        assert (new.rebuilt, new.derived_from, new.image_from, new.commit) == (True, 1, None, sha)
        assert (new.given, new.processes, new.port, new.settings) == (old.given, old.processes, old.port, old.settings)
        assert new.image.digest != old.image.digest
        assert known[1][1].pruned_at, "its own image is still gone"
        image, environment = await live(stack)
        assert (image, environment["A"]) == (new.image.reference, "then")
        told = log(stack, made, "release")
        assert "Rebuilt: differs" in told
        assert "base:1 was sha256:" in told

    @pytest.mark.parametrize(
        ("buildtime", "told"),
        [
            ((), "--buildtime SOURCE_DATE_EPOCH=1700000000"),
            (("SOURCE_DATE_EPOCH",), "writes or downloads something else"),
        ],
    )
    async def test_where_no_base_has_moved_the_log_says_what_else_it_may_be(
        self, stack: Stack, buildtime: tuple[str, ...], told: str
    ) -> None:
        await configured(stack, *buildtime, SOURCE_DATE_EPOCH="1")
        sha = await first_is_pruned(stack)
        stack.sources._trees[sha] = {**stack.sources._trees[sha], "stamp": "what a step wrote"}
        made = await back(stack)
        assert made.rebuild is not None and made.rebuild.outcome == "differs"
        assert told in log(stack, made, "release")

    async def test_with_todays_config_the_new_image_gets_that(self, stack: Stack) -> None:
        await configured(stack, A="then")
        await first_is_pruned(stack)
        await configured(stack, A="now")
        stack.builder.bases_hold = "other"
        made = await back(stack, config="current")
        new = (await marked(stack))[4][0]
        assert (made.state, new.rebuilt, new.derived_from) == ("live", True, 1)
        assert await live(stack) == (new.image.reference, (await live(stack))[1])
        assert (await live(stack))[1]["A"] == "now"

    async def test_what_was_built_again_can_be_pruned_and_built_again_itself(self, stack: Stack) -> None:
        await configured(stack, "A", A="then")
        await first_is_pruned(stack)
        await configured(stack, A="now")
        stack.builder.bases_hold = "other"
        await back(stack, config="current")
        for number in (5, 6):
            commit(stack, number)
            await stack.deployed()
        await images.prune_images(stack.platform, stack.actor, PATH, keep=1)
        assert (await marked(stack))[4][1].pruned_at
        asked = requests(stack)
        made = await back(stack, 4)
        assert made.rebuild is not None
        assert (made.state, made.release_number, made.rebuild.outcome) == ("live", 4, "reproduced")
        assert [each.arguments for each in asked] == [{"A": "then"}]


class TestBuiltAsItWas:
    async def test_with_the_build_time_vars_and_settings_that_it_had(self, stack: Stack) -> None:
        await configured(stack, "PUBLIC", PUBLIC="then")
        await first_is_pruned(stack)
        await configured(stack, "NEW", PUBLIC="now", NEW="n")
        await stack.change(dockerfile="other.Dockerfile")
        asked = requests(stack)
        plan = await planning.plan_rollback(stack.platform, stack.actor, PATH, 1)
        assert any("NEW, PUBLIC" in warning for warning in plan.warnings)
        made = await back(stack)
        assert made.rebuild is not None
        assert (made.rebuild.outcome, made.rebuild.otherwise) == ("reproduced", ("NEW", "PUBLIC"))
        assert [each.arguments for each in asked] == [{"PUBLIC": "then"}]
        assert "build-time vars are otherwise, and are not used: NEW, PUBLIC" in log(stack, made, "build")

    async def test_of_an_upload_that_is_still_there(self, tmp_path: Path) -> None:
        async with fake_stack(tmp_path / "uploads", source=UploadSource()) as stack:
            for number in (1, 2, 3):
                upload = stack.sources.add_upload({"Dockerfile": f"{DOCKERFILE}# {number}\n"})
                await stack.deploy(revision=Revision(upload=upload))
                await stack.work()
            await images.prune_images(stack.platform, stack.actor, PATH, keep=1)
            made = await back(stack)
            assert made.rebuild is not None
            assert (made.state, made.rebuild.outcome) == ("live", "reproduced")
            assert "built again from upload" in log(stack, made, "clone")


class TestFailures:
    @pytest.mark.parametrize("step", ["clone", "build", "health"])
    async def test_what_is_live_stays_and_a_retry_tries_it_again(self, stack: Stack, step: str) -> None:
        sha = await first_is_pruned(stack)
        before = await live(stack)
        stack.builder.bases_hold = "other"
        tree = stack.sources._trees[sha]
        if step == "clone":
            del stack.sources._trees[sha]
        elif step == "build":
            stack.builder.fail_next("build", BuildFailed("It does not build any more."))
        else:
            stack.engine.script = lambda _: exits(1)
        failed = await back(stack)
        assert failed.failure is not None
        assert (failed.state, failed.failure.step) == ("failed", step)
        assert failed.failure.hint or step == "build"
        assert await live(stack) == before
        assert (await marked(stack))[1][1].pruned_at
        stack.sources._trees[sha] = tree
        stack.engine.script = None
        retried = await again.retry(stack.platform, stack.actor, failed.id)
        await stack.work()
        ended = await stack.deployment(retried.id)
        assert (ended.state, ended.release_number) == ("live", 4)

    async def test_one_built_from_another_repository_than_todays_is_refused_beforehand(self, stack: Stack) -> None:
        await first_is_pruned(stack)
        elsewhere = GitSource("https://git.example.com/other.git")
        await change_service(stack.platform, stack.actor, PATH, source=elsewhere)
        for refused in (
            deployments.rollback(stack.platform, stack.actor, PATH, version=1),
            deployments.rollback(stack.platform, stack.actor, PATH, version=1, config="current"),
            planning.plan_rollback(stack.platform, stack.actor, PATH, 1),
        ):
            with pytest.raises(ImagePruned) as error:
                await refused
            assert f"can't be built again: it was built from {REPOSITORY}" in error.value.message
        assert await stack.is_idle()

    async def test_one_that_was_built_for_another_service_is_refused(self, stack: Stack) -> None:
        await a_service(stack, STAGING)
        for number in (1, 2, 3):
            commit(stack, number)
            await stack.deployed()
            if number < 3:
                await promotion.promote_release(stack.platform, stack.actor, PATH, STAGING, version=number)
                await stack.work()
        await stack.deploy()
        await promotion.promote_release(stack.platform, stack.actor, PATH, STAGING, version=3)
        await stack.work()
        await images.prune_images(stack.platform, stack.actor, PATH, keep=1)
        with pytest.raises(ImagePruned, match="built for another service"):
            await deployments.rollback(stack.platform, stack.actor, STAGING, version=1)


class TestShown:
    async def test_api_plan_and_page_say_so_before_and_after(self, api: Api, stack: Stack) -> None:
        sha = await first_is_pruned(stack)
        body: dict[str, Any] = {"action": "rollback", "version": 1}
        plan = (await api("POST", f"{SERVICE}/plan", json=body)).json()
        assert (plan["release"], plan["rebuilds_from"]) == (1, sha)
        stack.builder.bases_hold = "other"
        made = (await api("POST", f"{PIPELINE}/rollback", params=AIM, json={"version": 1})).json()
        assert made["rebuild"] == {"release": 1, "revision": sha, "rebuilt": None, "otherwise": []}
        await stack.work()
        ended = (await api("GET", f"/deployments/{made['id']}")).json()
        assert (ended["rebuild"]["rebuilt"], ended["release"]) == ("differs", 4)
        release = (await api("GET", f"{SERVICE}/releases/4")).json()
        assert (release["rebuilt"], release["derived_from"]) == (True, 1)
        async with visitor(stack.platform) as someone:
            await someone.log_in()
            assert "Rollback to v1, rebuilt: differs" in await someone.text(f"/dashboard/deployments/{made['id']}")
            page = await someone.text(f"/dashboard/{PATH}")
        assert "Roll back to v1" in page
        assert f"it is built again from {sha[:12]}" in page

    async def test_a_rollback_to_an_image_that_is_there_builds_nothing(self, api: Api, stack: Stack) -> None:
        await first_is_pruned(stack)
        asked = requests(stack)
        plan = await planning.plan_rollback(stack.platform, stack.actor, PATH, 2)
        made = await back(stack, 2)
        assert (plan.rebuilds_from, made.state, made.rebuild, asked) == ("", "live", None, [])
