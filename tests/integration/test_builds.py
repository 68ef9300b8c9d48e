"""The record of builds: kept whatever they end in, shown to those whose they are."""

import asyncio

import pytest
from tests.support.asgi import SERVICE, Api
from tests.support.pages import visitor
from tests.support.stack import DOCKERFILE, PATH, REPOSITORY, Stack

from shipway.domain.build import Build
from shipway.domain.errors import NotFound, Unavailable
from shipway.operations import builds, deployments
from shipway.operations.access import Actor
from shipway.operations.config import change_config
from shipway.store import users

VALUE = "very-secret-value"
STATEMENT = {"predicateType": "https://slsa.dev/provenance/v0.2", "predicate": {"builder": {"id": ""}}}


async def newest(stack: Stack) -> Build:
    return (await builds.list_builds(stack.platform, stack.actor, PATH))[0]


async def deployed(stack: Stack) -> Build:
    await stack.deploy()
    await stack.work()
    return await newest(stack)


async def test_a_build_that_went_well_is_recorded_with_all_that_went_in(stack: Stack) -> None:
    changes = {"values": {"STAGE": VALUE}, "buildtime": {"STAGE": True}, "build_secrets": {"NPM_TOKEN": VALUE}}
    await change_config(stack.platform, stack.actor, PATH, **changes)  # type: ignore[arg-type]
    build = await deployed(stack)
    assert (build.state, build.arguments, build.secrets, build.provider) == (
        "pushed",
        ("STAGE",),
        ("NPM_TOKEN",),
        "dockerfile",
    )
    assert [base.reference for base in build.bases] == ["base:1"]
    assert build.bases[0].digest.startswith("sha256:")
    assert build.digest.startswith("sha256:")
    assert build.size > 0
    assert build.started_at
    assert build.finished_at
    assert build.started_at <= build.finished_at
    assert len(build.dockerfile_sha256) == 64
    assert build.seconds is not None
    assert VALUE not in repr(build)


async def test_a_build_that_failed_is_recorded_with_its_class(stack: Stack) -> None:
    stack.sources.add(REPOSITORY, "main", {"Dockerfile": "FROM base:1\nRUN exit 3\n"})
    build = await deployed(stack)
    assert build.state == "failed"
    assert build.failure
    assert (build.failure.code, build.failure.step) == ("build-command-failed", "build")
    assert (await builds.get_build(stack.platform, stack.actor, PATH, build.number)).dockerfile.endswith("RUN exit 3\n")
    assert build.finished_at


@pytest.mark.parametrize(("denied", "state"), [(False, "pushed"), (True, "built")])
async def test_the_builder_keeps_no_image_of_its_own_when_a_deployment_is_over(
    stack: Stack, denied: bool, state: str
) -> None:
    stack.builder.accepts = lambda _reference, _credential: not denied
    assert (await deployed(stack)).state == state
    assert stack.builder.images == {}


async def test_a_build_that_was_cancelled_is_recorded_as_that(stack: Stack) -> None:
    reached = asyncio.Event()

    async def hang(verb: str, when: str) -> None:
        if (verb, when) == ("build", "before"):
            reached.set()
            await asyncio.sleep(60)

    stack.intercept(hang)
    made = await stack.deploy()
    async with stack.working():
        await asyncio.wait_for(reached.wait(), 30)
        await deployments.cancel(stack.platform, stack.actor, made.id)
        while not await stack.is_idle():
            await asyncio.sleep(0.002)
    assert (await newest(stack)).state == "cancelled"


async def test_a_build_that_the_world_interrupted_forgets_it_when_it_succeeds_in_the_end(stack: Stack) -> None:
    stack.builder.fail_next("build", Unavailable("The engine does not answer."))
    build = await deployed(stack)
    assert (build.state, build.failure) == ("pushed", None)


async def test_someone_else_s_builds_do_not_exist(stack: Stack) -> None:
    build = await deployed(stack)
    async with stack.platform.database.write() as tx:
        other = Actor(await users.ensure(tx, "other", admin=False))
    with pytest.raises(NotFound):
        await builds.list_builds(stack.platform, other, PATH)
    with pytest.raises(NotFound):
        await builds.get_build(stack.platform, other, PATH, build.number)
    with pytest.raises(NotFound):
        await builds.prune(stack.platform, other, PATH.workspace)
    with pytest.raises(NotFound):
        await builds.build_of(stack.platform, other, build.deployment_id)


async def test_the_api_lists_and_shows_builds_and_what_is_attested(api: Api) -> None:
    for _ in range(2):
        await api.stack.deploy()
        await api.stack.work()
    page = (await api("GET", f"{SERVICE}/builds", params={"limit": 1})).json()
    newest_one = page["builds"][0]
    older = (await api("GET", f"{SERVICE}/builds", params={"before": newest_one["number"]})).json()
    assert page["next_before"] == newest_one["number"]
    assert older["builds"][0]["number"] == newest_one["number"] - 1
    shown = (await api("GET", f"{SERVICE}/builds/{newest_one['number']}")).json()
    assert shown["dockerfile"] == DOCKERFILE
    assert shown["bases"][0]["reference"] == "base:1"
    assert f"FROM base:1@{shown['bases'][0]['digest']}" in shown["pinned_dockerfile"]
    missing = await api("GET", f"{SERVICE}/builds/{newest_one['number']}/provenance")
    assert missing.status_code == 404
    api.stack.platform.registry.statements[f"acme/shop/production/api:v{newest_one['number']}"] = [STATEMENT]  # type: ignore[attr-defined]
    assert (await api("GET", f"{SERVICE}/builds/{newest_one['number']}/provenance")).json() == STATEMENT
    no_list = await api("GET", f"{SERVICE}/builds/{newest_one['number']}/sbom")
    assert no_list.status_code == 404
    assert "build_sbom" in no_list.text
    assert (await api("GET", f"{SERVICE}/builds/999")).status_code == 404


async def test_the_api_empties_a_workspace_s_cache(api: Api) -> None:
    assert (await api("POST", "/workspaces/acme/builds/prune")).json() == {"bytes": 0}
    assert (await api("POST", "/workspaces/nobody/builds/prune")).status_code == 404


async def test_a_deployment_s_page_tells_its_build_and_gives_the_dockerfile(stack: Stack) -> None:
    build = await deployed(stack)
    async with visitor(stack.platform) as admin:
        await admin.log_in()
        page = (await admin.get(f"/dashboard/deployments/{build.deployment_id}")).text
        assert f"Build v{build.number}" in page
        assert "base:1 sha256:" in page
        download = await admin.get(f"/dashboard/deployments/{build.deployment_id}/Dockerfile")
        assert download.text == DOCKERFILE
        assert "attachment" in download.headers["Content-Disposition"]
