"""Old images go after a deployment, or when somebody says so; whatever is needed stays, and nothing fails by it."""

import asyncio
from typing import Any

import pytest
from tests.support.asgi import AIM, PIPELINE, SERVICE, Api
from tests.support.pages import visitor
from tests.support.stack import DOCKERFILE, PATH, REPOSITORY, Stack, a_service

from shipway.domain.deployment import Deployment
from shipway.domain.errors import ImagePruned
from shipway.domain.names import ServicePath
from shipway.domain.source import ImageSource, Revision
from shipway.engines.fake import exits
from shipway.operations import config_files, deployments, history, images, promotion, releases, runs
from shipway.store import one_off_runs

STAGING = ServicePath("acme", "shop", "staging", "api")


class Killed(BaseException):
    """The process is gone; nobody may catch this."""


def limited(stack: Stack, keep: int) -> None:
    """Set how many images stay."""
    object.__setattr__(stack.platform.settings, "retention", keep)


def commit(stack: Stack, text: object) -> str:
    return stack.sources.add(REPOSITORY, "main", {"Dockerfile": f"{DOCKERFILE}# {text}\n"})


async def released(stack: Stack, count: int, first: int = 1) -> list[Deployment]:
    """As many releases, each of another image."""
    made = []
    for number in range(first, first + count):
        commit(stack, number)
        made.append(await stack.deployed())
        assert made[-1].state == "live", made[-1].failure
    return made


async def fates(stack: Stack, keep: int | None = None) -> dict[str, str]:
    return {v.image.label: v.reason for v in await images.explain_images(stack.platform, stack.actor, PATH, keep=keep)}


async def pruned(stack: Stack, keep: int | None = None) -> list[str]:
    done = await images.prune_images(stack.platform, stack.actor, PATH, keep=keep)
    return [each.image.label for each in done if each.fate == "goes"]


def there(stack: Stack, path: ServicePath = PATH) -> set[str]:
    """Tags that the registry has of a service."""
    own = stack.registry.repository(path.workspace, f"{path.project}/{path.environment}/{path.service}")
    return {each.rpartition(":")[2] for each in stack.builder.pushed if each.startswith(f"{own}:")}


def log(stack: Stack, made: Deployment) -> str:
    return (stack.platform.settings.home / "logs" / made.id / "finalize.log").read_text()


async def gone_releases(stack: Stack, path: ServicePath = PATH) -> list[int]:
    listed = await releases.marked_releases(stack.platform, stack.actor, path)
    return [release.number for release, mark in listed if mark.pruned_at]


class TestAfterDeployments:
    async def test_nothing_goes_where_no_retention_is_set(self, stack: Stack) -> None:
        await released(stack, 4)
        assert there(stack) == {"v1", "v2", "v3", "v4"}
        assert set((await fates(stack)).values()) == {"live", "previous", "newest"}

    async def test_what_is_live_and_what_came_before_stay_and_older_ones_go(self, stack: Stack) -> None:
        limited(stack, 1)
        made = await released(stack, 4)
        assert there(stack) == {"v3", "v4"}
        assert await fates(stack) == {"v4": "live", "v3": "previous", "v2": "gone", "v1": "gone"}
        assert await gone_releases(stack) == [2, 1]
        assert "Pruned the images v2; their releases stay" in log(stack, made[-1])
        # The engine let go of its copies, too.
        kept = {each.rpartition("@")[2] for each in stack.engine.images}
        assert kept == set(stack.builder.pushed.values())

    async def test_a_registry_that_fails_fails_no_deployment_and_the_next_one_makes_up_for_it(
        self, stack: Stack
    ) -> None:
        limited(stack, 1)
        await released(stack, 2)
        stack.registry.available = False
        (failed,) = await released(stack, 1, first=3)
        assert failed.state == "live"
        assert there(stack) == {"v1", "v2", "v3"}
        assert "Old images stay until the next deployment" in log(stack, failed)
        assert (await fates(stack))["v1"] == "interrupted"
        # Nothing starts from it any more, though it is there.
        assert await gone_releases(stack) == [1]
        stack.registry.available = True
        await released(stack, 1, first=4)
        assert there(stack) == {"v3", "v4"}

    @pytest.mark.parametrize("verb", ["delete", "remove_image", "commit"])
    @pytest.mark.parametrize("when", ["before", "after"])
    async def test_a_crash_in_the_middle_is_made_up_for_by_the_next_prune(
        self, stack: Stack, verb: str, when: str
    ) -> None:
        await released(stack, 4)

        async def crash(at: str, moment: str) -> None:
            if (at, moment) == (verb, when):
                raise Killed

        stack.intercept(crash)
        with pytest.raises(Killed):
            await pruned(stack, keep=1)
        after = await stack.restarted()
        await pruned(after, keep=1)
        assert there(after) == {"v3", "v4"}
        assert await fates(after) == {"v4": "live", "v3": "previous", "v2": "gone", "v1": "gone"}
        await after.database.close()


class TestWhatStays:
    async def test_a_pinned_one_stays_until_it_is_unpinned(self, stack: Stack) -> None:
        await released(stack, 4)
        await images.pin_release(stack.platform, stack.actor, PATH, 1, pinned=True)
        assert await fates(stack, keep=1) == {"v4": "live", "v3": "previous", "v2": "surplus", "v1": "pinned"}
        assert await pruned(stack, keep=1) == ["v2"]
        await images.pin_release(stack.platform, stack.actor, PATH, 1, pinned=False)
        assert await pruned(stack, keep=1) == ["v1"]
        with pytest.raises(ImagePruned):
            await images.pin_release(stack.platform, stack.actor, PATH, 1, pinned=True)

    async def test_the_image_before_stays_over_releases_that_change_config_alone(self, stack: Stack) -> None:
        await released(stack, 3)
        for value in "ab":
            await config_files.change_files(stack.platform, stack.actor, PATH, files={"x": value})
            await stack.work()
        assert await fates(stack, keep=1) == {"v3": "live", "v2": "previous", "v1": "surplus"}

    async def test_one_that_a_queued_rollback_goes_back_to_stays(self, stack: Stack) -> None:
        await released(stack, 4)
        back = await deployments.rollback(stack.platform, stack.actor, PATH, version=1)
        assert (await fates(stack, keep=1))["v1"] == "in-flight"
        assert await pruned(stack, keep=1) == ["v2"]
        await stack.work()
        assert (await stack.deployment(back.id)).state == "live"

    async def test_one_that_a_one_off_run_is_about_to_start_stays(self, stack: Stack) -> None:
        await released(stack, 4)
        asked = await runs.ask_for_run(stack.platform, stack.actor, PATH, ("true",), attached=True, release=1)
        assert (await fates(stack, keep=1))["v1"] == "in-flight"
        async with stack.database.write() as tx:
            await one_off_runs.finish_all(tx, asked.run.service_id)
        assert (await fates(stack, keep=1))["v1"] == "surplus"

    async def test_one_that_a_queued_promotion_takes_stays_and_so_while_it_is_live_there(self, stack: Stack) -> None:
        await a_service(stack, STAGING)
        await released(stack, 4)
        promoted = await promotion.promote_release(stack.platform, stack.actor, PATH, STAGING, version=1)
        assert (await fates(stack, keep=1))["v1"] == "in-flight"
        await stack.work()
        assert (await stack.deployment(promoted.id)).state == "live"
        assert (await fates(stack, keep=1))["v1"] == "used-elsewhere"
        assert await pruned(stack, keep=1) == ["v2"]
        theirs = await images.prune_images(stack.platform, stack.actor, STAGING, keep=1)
        assert [(each.image.origin, each.fate) for each in theirs] == [("elsewhere", "stays")]
        assert there(stack) == {"v1", "v3", "v4"}

    async def test_a_release_promoted_once_is_marked_with_the_image_that_goes(self, stack: Stack) -> None:
        await a_service(stack, STAGING)
        await released(stack, 1)
        for version in (1, 2, 3):
            await released(stack, 1, first=version + 1)
            await promotion.promote_release(stack.platform, stack.actor, PATH, STAGING, version=version)
            await stack.work()
        assert await pruned(stack, keep=1) == ["v1"]
        assert (await gone_releases(stack), await gone_releases(stack, STAGING)) == ([1], [1])
        with pytest.raises(ImagePruned):
            await deployments.rollback(stack.platform, stack.actor, STAGING, version=1)

    async def test_one_that_the_service_it_was_promoted_to_has_left_behind_goes(self, stack: Stack) -> None:
        await a_service(stack, STAGING)
        await released(stack, 1)
        await promotion.promote_release(stack.platform, stack.actor, PATH, STAGING)
        await stack.work()
        await released(stack, 2, first=2)
        reasons = []
        for number in (4, 5):
            commit(stack, number)
            await deployments.deploy(stack.platform, stack.actor, STAGING)
            await stack.work()
            reasons.append((await fates(stack, keep=1))["v1"])
        assert reasons == ["used-elsewhere", "surplus"]

    async def test_one_that_another_service_names_by_its_tag_stays(self, stack: Stack) -> None:
        await released(stack, 4)
        reference = f"{stack.registry.repository('acme', 'shop/production/api')}:v1"
        await a_service(stack, STAGING, source=ImageSource(reference))
        assert await fates(stack, keep=1) == {"v4": "live", "v3": "previous", "v2": "surplus", "v1": "used-elsewhere"}
        assert await pruned(stack, keep=1) == ["v2"]

    async def test_one_that_a_user_named_is_not_ours_to_remove(self, stack: Stack) -> None:
        await a_service(stack, STAGING, source=ImageSource("redis:7"))
        for tag in ("redis:7", "redis:8", "redis:9"):
            await deployments.deploy(stack.platform, stack.actor, STAGING, revision=Revision(image=tag))
            await stack.work()
        done = await images.prune_images(stack.platform, stack.actor, STAGING, keep=1)
        assert [(each.image.label, each.reason) for each in done] == [
            ("redis:9", "live"),
            ("redis:8", "previous"),
            ("redis:7", "foreign"),
        ]
        assert {each.image.reference for each in done} <= stack.engine.images

    async def test_one_that_a_failed_deployment_left_goes_as_any_other(self, stack: Stack) -> None:
        await released(stack, 1)
        stack.engine.script = lambda _: exits(1)
        commit(stack, 2)
        assert (await stack.deployed()).state == "failed"
        stack.engine.script = None
        await released(stack, 2, first=3)
        assert await pruned(stack, keep=1) == ["v2", "v1"]


class TestGoneImages:
    async def test_promoting_one_is_refused_before_anything_with_what_to_do(self, stack: Stack) -> None:
        await a_service(stack, STAGING)
        await released(stack, 3)
        await pruned(stack, keep=1)
        sha = (await history.list_releases(stack.platform, stack.actor, PATH))[-1].commit
        platform, actor = stack.platform, stack.actor
        for refused in (
            promotion.promote_release(platform, actor, PATH, STAGING, version=1),
            promotion.plan_promotion(platform, actor, PATH, STAGING, version=1),
        ):
            with pytest.raises(ImagePruned) as error:
                await refused
            assert "v1 of acme/shop/production/api was pruned" in error.value.message
            assert f"--ref {sha}" in error.value.hint
        assert await stack.is_idle()

    async def test_the_same_code_built_once_more_brings_the_image_back(self, stack: Stack) -> None:
        await released(stack, 3)
        assert await pruned(stack, keep=1) == ["v1"]
        commit(stack, 1)
        again = await stack.deployed()
        assert again.state == "live"
        listed = await fates(stack, keep=1)
        assert listed == {"v4": "live", "v3": "previous", "v2": "surplus"}
        assert await gone_releases(stack) == []
        await deployments.rollback(stack.platform, stack.actor, PATH, version=1)
        await stack.work()
        # What a rollback goes back to now is v4, the same image: v3 is the last other one.
        assert await fates(stack, keep=1) == {"v4": "live", "v3": "previous", "v2": "surplus"}

    async def test_one_that_is_pushed_again_while_it_is_removed_is_there_afterwards(self, stack: Stack) -> None:
        await released(stack, 3)
        commit(stack, 1)
        removing, go_on = asyncio.Event(), asyncio.Event()

        async def wait(verb: str, when: str) -> None:
            if (verb, when) == ("delete", "before"):
                removing.set()
                await go_on.wait()

        stack.registry.intercept = wait
        begun = asyncio.create_task(pruned(stack, keep=1))
        await removing.wait()
        made = await stack.deploy()
        async with stack.working():
            while not [each for each in stack.builder.images if each.endswith("v4")]:
                await asyncio.sleep(0)
            for _ in range(200):  # It gets its turn, were it not for who holds the repository.
                await asyncio.sleep(0)
            go_on.set()
            assert await begun == ["v1"]
            await stack.until(made, "live")
        assert there(stack) == {"v2", "v3", "v4"}
        assert await gone_releases(stack) == []

    async def test_the_last_one_that_was_live_can_always_be_gone_back_to(self, stack: Stack) -> None:
        limited(stack, 1)
        await released(stack, 3)
        for expected in (2, 3, 2):
            made = await deployments.rollback(stack.platform, stack.actor, PATH)
            await stack.work()
            ended = await stack.deployment(made.id)
            assert (ended.state, ended.release_number) == ("live", expected)


class TestApi:
    async def test_images_are_explained_pruned_and_pinned(self, api: Api) -> None:
        await released(api.stack, 4)
        assert (await api("PUT", f"{SERVICE}/releases/1/pin")).json()["pinned"] is True
        told = (await api("GET", f"{SERVICE}/images", params={"keep": 1})).json()
        assert [(each["label"], each["releases"], each["fate"], each["reason"]) for each in told] == [
            ("v4", [4], "stays", "live"),
            ("v3", [3], "stays", "previous"),
            ("v2", [2], "goes", "surplus"),
            ("v1", [1], "stays", "pinned"),
        ]
        assert there(api.stack) == {"v1", "v2", "v3", "v4"}
        done: list[dict[str, Any]] = (await api("POST", f"{SERVICE}/images/prune", json={"keep": 1})).json()
        assert [each["label"] for each in done if each["fate"] == "goes"] == ["v2"]
        listed = (await api("GET", f"{SERVICE}/releases")).json()
        assert [(each["pinned"], bool(each["image_pruned_at"])) for each in listed] == [
            (False, False),
            (False, False),
            (False, True),
            (True, False),
        ]
        assert (await api("DELETE", f"{SERVICE}/releases/1/pin")).json()["pinned"] is False

    async def test_what_is_refused_says_so(self, api: Api) -> None:
        await a_service(api.stack, STAGING)
        await released(api.stack, 3)
        await api("POST", f"{SERVICE}/images/prune", json={"keep": 1})
        body = {"source": str(PATH), "version": 1}
        refused = await api("POST", f"{PIPELINE}/promote", params=AIM | {"env": "staging"}, json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "image-pruned")
        assert (await api("PUT", f"{SERVICE}/releases/1/pin")).status_code == 409
        assert (await api("PUT", f"{SERVICE}/releases/9/pin")).status_code == 404
        assert (await api("POST", f"{SERVICE}/images/prune", json={"keep": 0})).status_code == 400
        assert (await api("POST", f"{SERVICE}/images/prune", json={"kepe": 1})).status_code == 400


async def test_the_page_tells_which_images_are_gone(stack: Stack) -> None:
    await released(stack, 4)
    await images.pin_release(stack.platform, stack.actor, PATH, 1, pinned=True)
    await pruned(stack, keep=1)
    async with visitor(stack.platform) as someone:
        await someone.log_in()
        page = await someone.text(f"/dashboard/{PATH}")
    assert "Image pruned" in page
    assert "pinned" in page
    assert page.count("it is built again from") == 1
