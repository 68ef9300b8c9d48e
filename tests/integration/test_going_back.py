"""Rollback with today's config, redeploy, retry, and the hold on what deploys by itself."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.asgi import AIM, PIPELINE, SERVICE, Api, an_api
from tests.support.pages import visitor
from tests.support.stack import DOCKERFILE, PATH, REPOSITORY, Stack, fake_stack

from shipway.domain.deployment import Deployment
from shipway.domain.probe import Probe
from shipway.domain.release import Release
from shipway.domain.source import ImageSource, Revision, UploadSource
from shipway.domain.workload import Workload
from shipway.operations import again, config, deployments, history
from shipway.store import services

BROKEN = {"Dockerfile": "FROM base:1\nRUN exit 3\n"}


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with an_api(tmp_path) as made:
        yield made


def source(stack: Stack, text: str, release: str = "") -> str:
    """Another commit on `main`; with a release command where one is named."""
    files = {"Dockerfile": f"{DOCKERFILE}# {text}\n"}
    return stack.sources.add(
        REPOSITORY, "main", files | ({"Procfile": f"web: app\nrelease: {release}\n"} if release else {})
    )


async def configured(stack: Stack, **values: str) -> None:
    await config.change_config(stack.platform, stack.actor, PATH, values=values)


async def ended(stack: Stack, made: dict[str, Any]) -> Deployment:
    await stack.work()
    return await stack.deployment(made["id"])


async def newest_release(stack: Stack) -> Release:
    return (await history.list_releases(stack.platform, stack.actor, PATH))[0]


def running(stack: Stack, made: Deployment) -> Workload:
    """What its one instance was started with."""
    found = [each.workload for each in stack.engine._containers.values() if each.workload.owner.deployment == made.id]
    return found[0]


async def asked(api: Api, action: str, **body: object) -> dict[str, Any]:
    answer = await api("POST", f"{PIPELINE}/{action}", params=AIM, json=body)
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


async def held(api: Api) -> str:
    return str((await api("GET", SERVICE)).json()["held"])


class TestRollbackWithTodaysConfig:
    async def test_it_is_a_new_release_of_the_old_image_with_what_is_set_today(self, api: Api) -> None:
        stack = api.stack
        await configured(stack, A="1", GONE="x")
        first = await stack.deployed()
        source(stack, "two")
        await stack.deployed()
        await config.change_config(stack.platform, stack.actor, PATH, values={"A": "3"}, unset=["GONE"])
        await stack.change(stop_grace=7)
        made = await asked(api, "rollback", version=1, config="current")
        assert made["image_from"] == {"service": str(PATH), "number": 1}
        back = await ended(stack, made)
        release = await newest_release(stack)
        old = (await history.list_releases(stack.platform, stack.actor, PATH))[-1]
        assert (back.state, back.release_number, release.number, release.derived_from) == ("live", 3, 3, 1)
        assert release.image == old.image
        assert release.commit == old.commit
        workload = running(stack, back)
        assert (workload.image, workload.environment["A"]) == (old.image.reference, "3")
        assert "GONE" not in workload.environment
        assert workload.stop_grace == 7
        assert (await stack.deployment(first.id)).state == "superseded"

    async def test_of_an_image_that_nobody_analyzed_todays_settings_count_also_where_they_say_nothing(
        self, tmp_path: Path
    ) -> None:
        async with fake_stack(tmp_path / "image", source=ImageSource("redis:7")) as stack:
            await stack.change(start_command="serve --old", port=9000, probe=Probe(path="/old"))
            await stack.deployed()
            old = await newest_release(stack)
            assert (old.processes[0].command, old.port, old.settings.probe.path) == ("serve --old", 9000, "/old")
            await stack.change(start_command="", port=0, probe=Probe())
            await deployments.rollback(stack.platform, stack.actor, PATH, version=1, config="current")
            await stack.work()
            new = await newest_release(stack)
            assert (new.number, new.derived_from, new.image) == (2, 1, old.image)
            assert (new.processes[0].command, new.settings.probe) == ("", Probe())
            assert new.port == (old.image.exposed_port or 8080)

    async def test_the_plan_says_what_today_has_otherwise_in_either_mode(self, api: Api) -> None:
        stack = api.stack
        await configured(stack, A="1", GONE="x")
        await stack.deployed()
        source(stack, "two")
        await stack.deployed()
        await config.change_config(stack.platform, stack.actor, PATH, values={"A": "3", "NEW": "n"}, unset=["GONE"])
        since = [("A", "changed"), ("GONE", "removed"), ("NEW", "added")]
        for mode, number, origin in (("snapshot", 1, None), ("current", 4, {"service": str(PATH), "number": 1})):
            body = {"action": "rollback", "version": 1, "config": mode}
            plan = (await api("POST", f"{SERVICE}/plan", json=body)).json()
            assert [(each["name"], each["change"]) for each in plan["today"]] == since
            assert (plan["release"], plan["image_from"]) == (number, origin)
            made = await ended(stack, await asked(api, "rollback", version=1, config=mode))
            recorded = (await api("GET", f"/deployments/{made.id}")).json()["plan"]
            assert recorded["config"] == plan["config"]
            assert recorded["summary"] == plan["summary"]
            assert "3" not in [each["after"] for each in plan["today"]]
            await stack.deployed()

    async def test_no_release_command_runs_and_crossing_one_warns(self, api: Api) -> None:
        stack = api.stack
        source(stack, "one", release="migrate 1")
        await stack.deployed()
        source(stack, "two", release="migrate 2")
        await stack.deployed()
        ran: list[str] = []

        async def hook(verb: str, when: str) -> None:
            ran.append(verb)

        stack.engine.intercept = hook
        made = await ended(stack, await asked(api, "rollback", config="current"))
        stack.engine.intercept = None
        plan = (await api("GET", f"/deployments/{made.id}")).json()["plan"]
        assert (made.state, "run" in ran) == ("live", False)
        assert plan["warnings"] == ["The release command of v2 has run since; going back does not undo what it did."]
        # It ran none itself, so that going back from it crosses only what did.
        plan = (await api("POST", f"{SERVICE}/plan", json={"action": "rollback", "version": 2})).json()
        assert plan["warnings"] == []

    async def test_one_that_took_an_image_can_be_gone_back_to_itself(self, api: Api) -> None:
        stack = api.stack
        await configured(stack, A="1")
        await stack.deployed()
        source(stack, "two")
        await stack.deployed()
        await configured(stack, A="3")
        taken = await ended(stack, await asked(api, "rollback", version=1, config="current"))
        env = running(stack, taken).environment
        await configured(stack, A="4")
        source(stack, "four")
        await stack.deployed()
        back = await ended(stack, await asked(api, "rollback", version=3))
        changing = {"SHIPWAY_DEPLOYMENT_ID", "SHIPWAY_INSTANCE"}
        again_env = running(stack, back).environment
        assert {k: v for k, v in again_env.items() if k not in changing} == {
            k: v for k, v in env.items() if k not in changing
        }

    async def test_another_mode_is_refused(self, api: Api) -> None:
        answer = await api("POST", f"{PIPELINE}/rollback", params=AIM, json={"config": "tomorrow"})
        assert answer.status_code == 400


class TestRedeploy:
    async def test_it_takes_the_commit_that_is_live_and_todays_config(self, api: Api) -> None:
        stack = api.stack
        commit = source(stack, "one")
        await stack.deployed()
        source(stack, "two")
        await configured(stack, A="2")
        made = await ended(stack, await asked(api, "redeploy"))
        release = await newest_release(stack)
        assert (made.state, made.action, release.number, release.commit) == ("live", "deploy", 2, commit)
        assert running(stack, made).environment["A"] == "2"

    async def test_another_ref_may_be_given(self, api: Api) -> None:
        stack = api.stack
        await stack.deployed()
        commit = stack.sources.add(REPOSITORY, "feature", {"Dockerfile": DOCKERFILE + "# feature\n"})
        await ended(stack, await asked(api, "redeploy", ref="feature"))
        assert (await newest_release(stack)).commit == commit

    async def test_without_anything_live_there_is_nothing_to_redeploy(self, api: Api) -> None:
        answer = await api("POST", f"{PIPELINE}/redeploy", params=AIM)
        assert answer.status_code == 409
        assert "nothing live" in answer.json()["detail"]


class TestRetry:
    async def test_it_takes_the_commit_that_failed_and_todays_config(self, api: Api) -> None:
        stack = api.stack
        bad = stack.sources.add(REPOSITORY, "main", BROKEN)
        failed = await stack.deploy()
        await stack.work()
        source(stack, "good")
        answer = await api("POST", f"/deployments/{failed.id}/retry")
        assert (answer.status_code, answer.json()["number"]) == (202, 2)
        assert answer.json()["revision"]["ref"] == bad
        assert (await ended(stack, answer.json())).state == "failed"

    async def test_one_that_never_found_its_commit_looks_again(self, api: Api) -> None:
        stack = api.stack
        failed = await stack.deploy(revision=Revision(ref="later"))
        await stack.work()
        stack.sources.add(REPOSITORY, "later", {"Dockerfile": DOCKERFILE})
        made = await again.retry(stack.platform, stack.actor, failed.id)
        await stack.work()
        assert (await stack.deployment(made.id)).state == "live"

    @pytest.mark.parametrize("mode", ["snapshot", "current"])
    async def test_a_rollback_that_failed_goes_back_to_the_same_in_the_same_way(self, api: Api, mode: str) -> None:
        stack = api.stack
        await stack.deployed()
        source(stack, "two")
        await stack.deployed()
        asked_for = await asked(api, "rollback", config=mode)
        await api("POST", f"/deployments/{asked_for['id']}/cancel")
        made = await ended(stack, (await api("POST", f"/deployments/{asked_for['id']}/retry")).json())
        release = await newest_release(stack) if mode == "current" else None
        assert (made.state, made.action, made.release_number) == ("live", "rollback", 3 if release else 1)
        assert release is None or release.derived_from == 1

    async def test_what_did_not_fail_is_not_retried(self, api: Api) -> None:
        made = await api.stack.deployed()
        answer = await api("POST", f"/deployments/{made.id}/retry")
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
        assert "only a deployment that failed" in answer.json()["detail"]

    async def test_another_tenants_answers_404(self, api: Api) -> None:
        api.stack.sources.add(REPOSITORY, "main", BROKEN)
        failed = await api.stack.deployed()
        theirs = await api.stranger()
        assert (await api("POST", f"/deployments/{failed.id}/retry", headers=theirs)).status_code == 404
        for action in ("redeploy", "rollback"):
            assert (await api("POST", f"{PIPELINE}/{action}", params=AIM, headers=theirs)).status_code == 404
        body = {"state": "held"}
        assert (await api("PUT", f"{SERVICE}/auto-deploy", json=body, headers=theirs)).status_code == 404
        assert await held(api) == ""


class TestHold:
    async def test_a_rollback_holds_what_deploys_by_itself_until_somebody_resumes_it(self, api: Api) -> None:
        stack = api.stack
        for _ in range(2):
            assert await held(api) == ""
            await stack.deployed()
        made = await asked(api, "rollback")
        # Already now: a push that came meanwhile would take its place in the queue.
        assert await held(api) == "d3 rolled back to v1, by admin"
        await ended(stack, made)
        await stack.deployed()
        assert await held(api) == "d3 rolled back to v1, by admin"
        answer = await api("PUT", f"{SERVICE}/auto-deploy", json={"state": "on"})
        assert (answer.status_code, answer.json()["state"], answer.json()["reason"]) == (200, "on", "")
        assert await held(api) == ""

    async def test_it_can_be_held_by_hand_and_the_first_reason_stays(self, api: Api) -> None:
        by_hand = await api("PUT", f"{SERVICE}/auto-deploy", json={"state": "held"})
        assert (by_hand.json()["state"], by_hand.json()["reason"]) == ("held", "held by admin")
        async with api.stack.platform.database.write() as tx:
            service = (await services.listed(tx))[0]
            await services.hold(tx, service.id, "d3 rolled back to v1, by ada")
        twice = await api("PUT", f"{SERVICE}/auto-deploy", json={"state": "held"})
        assert twice.json()["reason"] == "d3 rolled back to v1, by ada"

    async def test_restarts_and_scalings_hold_nothing(self, api: Api) -> None:
        await api.stack.deployed()
        await api("POST", f"{SERVICE}/restart")
        await api("PUT", f"{SERVICE}/scale", json={"web": 2})
        await api.stack.work()
        assert await held(api) == ""


async def test_the_page_goes_back_with_todays_config_tells_the_hold_and_ends_it(api: Api) -> None:
    stack = api.stack
    await configured(stack, A="1")
    await stack.deployed()
    source(stack, "two")
    await stack.deployed()
    page = f"/dashboard/{PATH}"
    async with visitor(stack.platform) as someone:
        await someone.log_in()
        pressed = await someone.press(page, f"{page}/rollback", version="1", config="current")
        await stack.work()
        told = await someone.text(pressed.headers["location"])
        assert "Rollback to v1, today's config" in told
        assert "Release v3 Image v1 sha256:" in told
        assert f"Taken from v1 of {PATH}" in told
        assert "Automatic deployments are held: d3 rolled back to v1, by admin." in await someone.text(page)
        await someone.press(page, f"{page}/auto-deploy/resume")
        assert "are held" not in await someone.text(page)
        pressed = await someone.press(page, f"{page}/redeploy")
        await stack.work()
        assert "Live" in await someone.text(pressed.headers["location"])
    assert (await newest_release(stack)).number == 4


async def test_what_was_uploaded_or_named_by_an_image_is_redeployed_as_that(tmp_path: Path) -> None:
    async with fake_stack(tmp_path / "upload", source=UploadSource()) as stack:
        digest = stack.sources.add_upload({"Dockerfile": DOCKERFILE})
        later = stack.sources.add_upload({"Dockerfile": DOCKERFILE + "# later\n"})
        await stack.deploy(revision=Revision(upload=digest))
        await stack.work()
        await stack.deploy(revision=Revision(upload=later))
        made = await again.redeploy(stack.platform, stack.actor, PATH)
        assert made.revision == Revision(upload=digest)
    async with fake_stack(tmp_path / "image", source=ImageSource("redis:7")) as stack:
        await stack.deployed()
        made = await again.redeploy(stack.platform, stack.actor, PATH)
        assert made.revision.image == (await newest_release(stack)).image.reference
        await stack.work()
        assert (await newest_release(stack)).number == 2
