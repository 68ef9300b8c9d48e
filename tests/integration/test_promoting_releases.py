"""From staging to production: the same image, the other's config. And a service as the template of another."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from tests.support.asgi import AIM, PIPELINE, SERVICE, Api, an_api
from tests.support.stack import AT_ONCE, DOCKERFILE, PATH, REPOSITORY, a_service

from shipway.domain.clock import now
from shipway.domain.deployment import Deployment
from shipway.domain.names import ServicePath
from shipway.domain.release import Release
from shipway.domain.source import ImageSource, Source, UploadSource
from shipway.operations import config, config_files, deletion, deployments, history
from shipway.store import config as stored_config
from shipway.store import services as stored
from shipway.store import tables as t

STAGING = ServicePath("acme", "shop", "staging", "api")
COPY = ServicePath("acme", "shop", "production", "other")


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """Production as ever, and staging beside it, live with a config of its own."""
    async with an_api(tmp_path) as made:
        await a_service(made.stack, STAGING)
        await configured(made, STAGING, {"WHERE": "staging", "ONLY_STAGING": "x"})
        await configured(made, PATH, {"WHERE": "production"})
        await deployed(made, STAGING)
        yield made


async def configured(api: Api, path: ServicePath, values: Mapping[str, str], *, buildtime: bool = False) -> None:
    marks = dict.fromkeys(values, True) if buildtime else {}
    await config.change_config(api.stack.platform, api.stack.actor, path, values=values, buildtime=marks)


async def deployed(api: Api, path: ServicePath) -> Deployment:
    made = await deployments.deploy(api.stack.platform, api.stack.actor, path)
    await api.stack.work()
    ended = await api.stack.deployment(made.id)
    assert ended.state == "live", ended.failure
    return ended


async def newest(api: Api, path: ServicePath) -> Release:
    return (await history.list_releases(api.stack.platform, api.stack.actor, path))[0]


async def promoted(api: Api, **body: object) -> Any:
    return await api("POST", f"{PIPELINE}/promote", params=AIM, json={"source": str(STAGING), **body})


async def ended(api: Api, answer: Any) -> Deployment:
    assert answer.status_code == 202, answer.text
    await api.stack.work()
    return await api.stack.deployment(answer.json()["id"])


class TestPromotion:
    async def test_the_same_image_goes_live_with_the_targets_config_and_settings(self, api: Api) -> None:
        await api.stack.change(stop_grace=9)
        made = await ended(api, await promoted(api))
        theirs, ours = await newest(api, STAGING), await newest(api, PATH)
        assert (made.state, made.action, made.release_number) == ("live", "promote", 1)
        assert ours.image == theirs.image
        assert ours.image.reference.rpartition("@")[0].endswith("/acme/shop/staging/api")
        assert ours.given.config == {"WHERE": "production"}
        assert (ours.settings.stop_grace, ours.commit, ours.derived_from) == (9, theirs.commit, None)
        shown = (await api("GET", f"{SERVICE}/releases/1")).json()
        assert shown["image_from"] == {"service": str(STAGING), "number": 1}
        steps = (await api("GET", f"/deployments/{made.id}")).json()["steps"]
        assert [step["state"] for step in steps][:4] == ["skipped"] * 4
        (workload,) = [
            each.workload for each in api.stack.engine._containers.values() if each.workload.owner.deployment == made.id
        ]
        assert workload.network == "acme.shop.production"
        assert (workload.image, workload.environment["WHERE"]) == (theirs.image.reference, "production")
        assert "ONLY_STAGING" not in workload.environment

    async def test_it_is_planned_like_any_other_and_told_whose_image_it_is(self, api: Api) -> None:
        await deployed(api, PATH)
        body = {"action": "promote", "source": str(STAGING), "version": 1}
        plan = (await api("POST", f"{SERVICE}/plan", json=body)).json()
        assert (plan["release"], plan["replaces"]) == (2, 1)
        assert plan["image_from"] == {"service": str(STAGING), "number": 1}
        made = await ended(api, await promoted(api, version=1))
        assert (await api("GET", f"/deployments/{made.id}")).json()["plan"] == plan

    async def test_its_release_command_runs_in_the_target_for_there_it_never_did(self, api: Api) -> None:
        api.stack.sources.add(
            REPOSITORY, "main", {"Dockerfile": DOCKERFILE, "Procfile": "web: app\nrelease: migrate\n"}
        )
        await deployed(api, STAGING)
        ran: list[str] = []

        async def hook(verb: str, when: str) -> None:
            ran.append(verb)

        api.stack.engine.intercept = hook
        made = await ended(api, await promoted(api))
        assert (made.state, ran.count("run")) == ("live", 2)

    async def test_a_rollback_after_it_and_another_promotion_work_as_ever(self, api: Api) -> None:
        await ended(api, await promoted(api))
        api.stack.sources.add(REPOSITORY, "main", {"Dockerfile": DOCKERFILE + "# two\n"})
        await deployed(api, STAGING)
        await ended(api, await promoted(api))
        assert (await newest(api, PATH)).image == (await newest(api, STAGING)).image
        back = await ended(api, await api("POST", f"{PIPELINE}/rollback", params=AIM))
        assert (back.state, back.release_number) == ("live", 1)

    @pytest.mark.parametrize("values", [{"PUBLIC_URL": "s3cret-value"}, {"OTHER": "s3cret-value"}])
    async def test_an_image_that_was_built_with_other_vars_is_refused_by_their_names(
        self, api: Api, values: dict[str, str]
    ) -> None:
        await configured(api, STAGING, {"PUBLIC_URL": "of-staging"}, buildtime=True)
        await deployed(api, STAGING)
        await configured(api, PATH, values, buildtime=True)
        answer = await promoted(api)
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
        names = sorted({"PUBLIC_URL", *values})
        assert f"than {PATH} has: {', '.join(names)}." in answer.json()["detail"]
        assert "--rebuild" in answer.json()["hint"]
        assert "s3cret-value" not in answer.text
        assert "of-staging" not in answer.text
        body = {"action": "promote", "source": str(STAGING)}
        assert (await api("POST", f"{SERVICE}/plan", json=body)).status_code == 409
        assert (await api("GET", f"{SERVICE}/deployments")).json()["deployments"] == []

    async def test_what_counts_is_what_the_image_was_built_with_not_what_is_set_by_now(self, api: Api) -> None:
        await configured(api, STAGING, {"PUBLIC_URL": "same"}, buildtime=True)
        await deployed(api, STAGING)
        await configured(api, PATH, {"PUBLIC_URL": "same"}, buildtime=True)
        await configured(api, STAGING, {"PUBLIC_URL": "changed since"})
        assert (await ended(api, await promoted(api))).state == "live"
        # And it is known of an image that was promoted before.
        third = ServicePath("acme", "shop", "development", "api")
        await a_service(api.stack, third)
        aim = {"service": "api", "env": "development"}
        refused = await api("POST", f"{PIPELINE}/promote", params=aim, json={"source": str(PATH)})
        assert "PUBLIC_URL" in refused.json()["detail"]
        await configured(api, third, {"PUBLIC_URL": "same"}, buildtime=True)
        answer = await api("POST", f"{PIPELINE}/promote", params=aim, json={"source": str(PATH)})
        assert (await ended(api, answer)).state == "live"

    async def test_an_edit_of_its_config_files_leaves_known_whose_image_it_is(self, api: Api) -> None:
        await configured(api, STAGING, {"PUBLIC_URL": "same"}, buildtime=True)
        await configured(api, PATH, {"PUBLIC_URL": "same"}, buildtime=True)
        await deployed(api, STAGING)
        await ended(api, await promoted(api))
        promotion = await newest(api, PATH)
        await config_files.change_files(api.stack.platform, api.stack.actor, PATH, files={"app": "1"})
        await api.stack.work()
        edited = await newest(api, PATH)
        assert (edited.number, edited.image_from) == (2, promotion.image_from)
        third = ServicePath("acme", "shop", "development", "api")
        await a_service(api.stack, third)
        await configured(api, third, {"PUBLIC_URL": "same"}, buildtime=True)
        aim = {"service": "api", "env": "development"}
        answer = await api("POST", f"{PIPELINE}/promote", params=aim, json={"source": str(PATH)})
        assert (await ended(api, answer)).state == "live"

    @pytest.mark.parametrize("source", [ImageSource("redis:7"), UploadSource()])
    async def test_what_the_target_can_not_build_is_not_built_anew_and_its_image_is_not_taken_instead(
        self, api: Api, source: Source
    ) -> None:
        third = ServicePath("acme", "shop", "development", "api")
        await a_service(api.stack, third, source=source)
        aim = {"service": "api", "env": "development"}
        refused = await api("POST", f"{PIPELINE}/promote", params=aim, json={"source": str(STAGING), "rebuild": True})
        assert (refused.status_code, "was not made of what" in refused.json()["detail"]) == (409, True)
        assert await api.stack.is_idle()

    async def test_on_request_its_commit_is_built_anew_in_the_target(self, api: Api) -> None:
        commit = (await newest(api, STAGING)).commit
        api.stack.sources.add(REPOSITORY, "main", {"Dockerfile": DOCKERFILE + "# later\n"})
        await configured(api, PATH, {"PUBLIC_URL": "of-production"}, buildtime=True)
        made = await ended(api, await promoted(api, rebuild=True))
        ours = await newest(api, PATH)
        assert (made.state, made.action, ours.commit) == ("live", "deploy", commit)
        assert ours.image.reference.rpartition("@")[0].endswith("/acme/shop/production/api")
        assert ours.image_from is None

    async def test_what_can_not_be_promoted_is_refused(self, api: Api) -> None:
        itself = await promoted(api, source=str(PATH))
        assert (itself.status_code, "to itself" in itself.json()["detail"]) == (400, True)
        missing = await promoted(api, version=9)
        assert (missing.status_code, "no release v9" in missing.json()["detail"]) == (404, True)
        nowhere = await promoted(api, source="acme/shop/staging/nowhere")
        assert nowhere.status_code == 404
        assert (await promoted(api, source="not a path")).status_code == 400
        idle = ServicePath("acme", "shop", "staging", "idle")
        await a_service(api.stack, idle)
        nothing = await promoted(api, source=str(idle))
        assert (nothing.status_code, "nothing live" in nothing.json()["detail"]) == (409, True)

    async def test_a_release_of_another_workspace_is_not_promoted(self, api: Api) -> None:
        foreign = ServicePath("zeta", "shop", "production", "api")
        await a_service(api.stack, foreign)
        await deployed(api, foreign)
        answer = await promoted(api, source=str(foreign))
        assert (answer.status_code, "different workspaces" in answer.json()["detail"]) == (400, True)
        theirs = await api.stranger()
        body = {"source": str(STAGING)}
        strange = await api("POST", f"{PIPELINE}/promote", params=AIM, json=body, headers=theirs)
        assert strange.status_code == 404

    async def test_one_that_failed_is_retried_only_while_the_image_is_one_for_the_target(self, api: Api) -> None:
        answer = await promoted(api)
        await api("POST", f"/deployments/{answer.json()['id']}/cancel")
        await configured(api, PATH, {"BUILT": "b"}, buildtime=True)
        refused = await api("POST", f"/deployments/{answer.json()['id']}/retry")
        assert (refused.status_code, "BUILT" in refused.json()["detail"]) == (409, True)
        await config.change_config(api.stack.platform, api.stack.actor, PATH, unset=["BUILT"])
        made = await ended(api, await api("POST", f"/deployments/{answer.json()['id']}/retry"))
        assert (made.state, made.action, made.release_number) == ("live", "promote", 1)

    async def test_a_source_that_was_deleted_meanwhile_fails_the_deployment_with_that(self, api: Api) -> None:
        answer = await promoted(api)
        path = str(STAGING)
        await deletion.delete_service(api.stack.platform, api.stack.actor, STAGING, confirm=path)
        made = await ended(api, answer)
        assert made.failure
        assert (made.state, made.failure.code) == ("failed", "conflict")
        assert made.failure.message == f"v1 of {STAGING} is gone, and its image with it."


class TestTemplate:
    async def test_a_copy_has_source_settings_scale_and_config_and_is_its_own(self, api: Api) -> None:
        await api.stack.change(stop_grace=9)
        await configured(api, PATH, {"BUILT": "b"}, buildtime=True)
        await config.change_config(api.stack.platform, api.stack.actor, PATH, build_secrets={"NPM": "s3cret"})
        await api("PUT", f"{SERVICE}/scale", json={"web": 3})
        answer = await api("POST", f"{SERVICE}/copy", json={"to": str(COPY)})
        assert (answer.status_code, answer.json()["to_set"]) == (201, ["NPM"])
        made = answer.json()["service"]
        assert (made["path"], made["scale"], made["settings"]["stop_grace"]) == (str(COPY), {"web": 3}, 9)
        assert made["source"]["url"] == REPOSITORY
        assert made["hosts"] == ["other-production-shop.localhost"]
        assert (made["latest"], made["state"]) == (None, "stopped")
        assert await api.stack.is_idle()
        theirs = (await api("GET", f"{SERVICE.removesuffix('api')}other/config")).json()
        assert theirs["config"] == {"BUILT": "b", "WHERE": "production"}
        assert (theirs["buildtime"], theirs["build_secrets"]) == (["BUILT"], [])
        await configured(api, COPY, {"WHERE": "copy"})
        assert (await api("GET", f"{SERVICE}/config")).json()["config"]["WHERE"] == "production"

    @pytest.mark.parametrize(
        ("environment", "left_out"), [("production", []), ("staging", ["/run/secrets/cert", "KEY"])]
    )
    async def test_references_to_secrets_stay_within_their_environment(
        self, api: Api, environment: str, left_out: list[str]
    ) -> None:
        await refer(api)
        copy = ServicePath("acme", "shop", environment, "copied")
        answer = await api("POST", f"{SERVICE}/copy", json={"to": str(copy)})
        assert answer.json()["to_set"] == left_out
        async with api.stack.platform.database.read() as tx:
            made = await stored.by_path(tx, copy)
            assert made
            known = await stored_config.merged(tx, made)
            changes = (
                await tx.execute(t.config_changes.select().where(t.config_changes.c.service_id == made.id))
            ).all()
        assert "WHERE" in known
        kept = [] if left_out else [("secret-file", "cert"), ("variable", "KEY")]
        told = sorted((each.kind, each.name) for each in changes)
        assert told == sorted([*kept, ("file", "app.toml"), ("variable", "WHERE")])
        assert {(each.change, each.actor) for each in changes} == {("set", "admin")}

    async def test_a_copy_that_can_not_be_is_refused_and_leaves_nothing(self, api: Api) -> None:
        taken = await api("POST", f"{SERVICE}/copy", json={"to": str(STAGING)})
        assert taken.status_code == 409
        abroad = await api("POST", f"{SERVICE}/copy", json={"to": "zeta/shop/production/api"})
        assert (abroad.status_code, "another workspace" in abroad.json()["detail"]) == (400, True)
        nowhere = {"to": "acme/shop/nowhere/api"}
        assert (await api("POST", f"{SERVICE}/copy", json=nowhere)).status_code == 404
        made = await api("POST", f"{SERVICE}/copy", json=nowhere | {"create_parents": True})
        assert made.status_code == 201
        theirs = await api.stranger()
        assert (await api("POST", f"{SERVICE}/copy", json={"to": str(COPY)}, headers=theirs)).status_code == 404
        assert AT_ONCE.keep_warm == made.json()["service"]["settings"]["keep_warm"]


async def refer(api: Api) -> None:
    """Let production refer to secrets and files."""
    when = {"updated_at": now(), "updated_by": "ada"}
    async with api.stack.platform.database.write() as tx:
        service = await stored.by_path(tx, PATH)
        assert service
        own = when | {"service_id": service.id}
        await tx.execute(insert(t.config_vars).values(own | {"name": "KEY", "value": "", "reference": "KEY@2"}))
        await tx.execute(insert(t.secret_files).values(own | {"name": "cert", "reference": "CERT"}))
        await tx.execute(insert(t.config_files).values(own | {"path": "app.toml", "sha256": "f" * 64}))
