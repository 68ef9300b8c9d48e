"""What was altered behind Shipway's back is refused before anything of it is started; what serves goes on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.support.asgi import SERVICE, Api, an_api
from tests.support.stack import DOCKERFILE, PATH, REPOSITORY, Stack, fake_stack

from shipway.domain.deployment import Deployment
from shipway.operations import config, deployments
from shipway.worker.revive import revive


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[Stack]:
    async with fake_stack(tmp_path) as made:
        yield made


async def released(stack: Stack, **values: str) -> Deployment:
    """Deployed with that config."""
    await config.change_config(stack.platform, stack.actor, PATH, values=values)
    return await stack.deployed()


async def alter(stack: Stack, number: int, assignment: str) -> None:
    """As somebody does who can write to the database, and knows of the trigger."""
    async with stack.platform.database.write() as tx:
        await tx.execute(text("DROP TRIGGER releases_never_change"))
        await tx.execute(text(f"UPDATE releases SET {assignment} WHERE number = {number}"))


ALTERED = {
    "config": """config = '{"A": "evil"}'""",
    "image": """image = replace(image, 'api@sha256:', 'api@sha256:0')""",
    "digest": """image = replace(image, '"digest": "sha256:', '"digest": "sha256:0')""",
    "command": """processes = replace(processes, '"command": ""', '"command": "evil"')""",
    "settings": """settings = replace(settings, '"capabilities": []', '"capabilities": ["NET_RAW"]')""",
    "hash": """hash = 'f'""",
}


@pytest.mark.parametrize("what", ALTERED)
async def test_going_back_to_a_release_that_was_altered_is_refused(stack: Stack, what: str) -> None:
    await released(stack, A="1")
    await released(stack, A="2")
    before = await stack.engine.instances()
    await alter(stack, 1, ALTERED[what])
    made = await deployments.rollback(stack.platform, stack.actor, PATH, version=1)
    await stack.work()
    ended = await stack.deployment(made.id)
    assert (ended.state, ended.failure and ended.failure.code) == ("failed", "release-changed")
    assert ended.failure
    assert "v1 is not what it was" in ended.failure.message
    assert "evil" not in str(ended.failure)
    assert await stack.engine.instances() == before


async def test_what_was_live_and_was_altered_is_not_started_again(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    await released(stack, A="1")
    (instance,) = await stack.engine.instances()
    await alter(stack, 1, ALTERED["config"])
    await stack.engine.stop(instance.name, 0)
    await revive(stack.platform)
    assert await stack.engine.instances() == []
    assert "Release v1 is not what it was when it was made" in capsys.readouterr().out


async def test_a_release_command_of_what_was_altered_does_not_run(stack: Stack) -> None:
    stack.sources.add(REPOSITORY, "main", {"Dockerfile": DOCKERFILE, "Procfile": "web: app\nrelease: migrate\n"})
    ran: list[str] = []

    async def hook(verb: str, when: str) -> None:
        if (verb, when) == ("resolve", "before"):
            async with stack.platform.database.write() as tx:
                await tx.execute(text("DROP TRIGGER IF EXISTS releases_never_change"))
                await tx.execute(
                    text(
                        "CREATE TRIGGER evil AFTER INSERT ON releases BEGIN "
                        "UPDATE releases SET release_command = 'evil' WHERE id = NEW.id; END"
                    )
                )
        if verb == "run":
            ran.append(when)

    stack.sources.intercept = stack.engine.intercept = hook
    made = await stack.deployed()
    assert (made.state, made.failure and made.failure.code, ran) == ("failed", "release-changed", [])


async def test_a_release_of_before_there_was_a_hash_is_started_as_ever(stack: Stack) -> None:
    await released(stack, A="1")
    await released(stack, A="2")
    await alter(stack, 1, "hash = '', config = '{\"A\": \"other\"}'")
    made = await deployments.rollback(stack.platform, stack.actor, PATH, version=1)
    await stack.work()
    assert (await stack.deployment(made.id)).state == "live"


async def test_a_release_is_shown_with_all_that_it_holds_and_compared(tmp_path: Path) -> None:
    async with an_api(tmp_path) as api:
        await released(api.stack, A="1", GONE="x")
        await config.change_config(api.stack.platform, api.stack.actor, PATH, unset=["GONE"])
        await released(api.stack, A="2", B="ü\n$")
        shown = (await api("GET", f"{SERVICE}/releases/2")).json()
        assert shown["config"] == {"A": "2", "B": "ü\n$"}
        assert (shown["secrets"], shown["secret_files"], shown["files"]) == ({}, {}, {})
        assert [each["number"] for each in shown["made_live_by"]] == [2]
        assert len(shown["hash"]) == 64
        found = (await api("GET", f"{SERVICE}/releases/2/difference", params={"since": 1})).json()
        assert (found["before"], found["after"]) == (1, 2)
        named = {each["name"]: (each["change"], each["before"], each["after"]) for each in found["changes"]}
        assert named["A"] == ("changed", "1", "2")
        assert named["B"] == ("added", None, "ü\n$")
        assert named["GONE"] == ("removed", "x", None)
        assert await unknown_answers_404(api)


async def unknown_answers_404(api: Api) -> bool:
    """Of a release that there is not, and of one that belongs to somebody else."""
    theirs = await api.stranger()
    pages = (f"{SERVICE}/releases/2", f"{SERVICE}/releases/2/difference?since=1")
    strange = [(await api("GET", page, headers=theirs)).status_code for page in pages]
    missing = (await api("GET", f"{SERVICE}/releases/9")).status_code
    return [*strange, missing] == [404, 404, 404]
