"""A health check that is a command: before a deployment goes live, and of its instances from then on."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tests.integration.test_watchman import a_world
from tests.support.stack import PATH, Stack, fake_stack

from shipway.domain.deployment import Deployment, Failure
from shipway.domain.probe import Liveness, Probe
from shipway.domain.service import ServiceSettings
from shipway.domain.source import ImageSource
from shipway.engines.fake import Behaviour, never_listens
from shipway.engines.fake_apps import Command
from shipway.operations import config
from shipway.operations.explanation import explain
from shipway.pipeline.health_command import command_line

CHECK = ("python", "manage.py", "check")
PROBE = Probe("command", command="python manage.py check", timeout=0.3)
SETTINGS = ServiceSettings(probe=PROBE, keep_warm=0)


def app(command: Command, argv: tuple[str, ...] = CHECK) -> Behaviour:
    """Of its web server nobody asks anything."""
    return replace(never_listens(), commands={argv: command})


async def ended(
    directory: Path,
    behaviour: Behaviour,
    settings: ServiceSettings = SETTINGS,
    variables: Mapping[str, str] | None = None,
) -> tuple[Deployment, str]:
    """A deployment of such an app, with what `explain` says of it."""
    async with fake_stack(directory, settings=settings, source=ImageSource("app:1")) as stack:
        await config.change_config(stack.platform, stack.actor, PATH, values=variables or {})
        made = await deployed(stack, behaviour)
        known = await explain(stack.platform, stack.actor, made.id)
        return made, known.summary


async def deployed(stack: Stack, behaviour: Behaviour) -> Deployment:
    stack.engine.behaviours["app:1"] = behaviour
    made = await stack.deploy()
    await stack.work()
    return await stack.deployment(made.id)


def failure(made: Deployment) -> Failure:
    assert made.state == "failed"
    assert made.failure
    assert made.failure.code == "health-command-failed"
    return made.failure


async def test_exit_code_0_passes_and_is_no_weak_proof(tmp_path: Path) -> None:
    made, told = await ended(tmp_path, app(Command()))
    assert (made.state, made.weakly_verified) == ("live", "")
    assert "passed its probe, `python manage.py check` → exit code 0." in told


async def test_any_other_is_told_with_the_code_and_what_it_said(tmp_path: Path) -> None:
    made, _ = await ended(tmp_path, app(Command(3, "System check\nSystemCheckError: 1 issue\n")))
    told = failure(made)
    assert "`python manage.py check` ended with exit code 3" in told.message
    assert "SystemCheckError: 1 issue" in told.message
    assert told.evidence == ("ended with exit code 3", "System check", "SystemCheckError: 1 issue")
    assert "exit code 0" in told.hint


async def test_one_that_hangs_is_told_so(tmp_path: Path) -> None:
    told = failure((await ended(tmp_path, app(Command(0, "asking\n", after=3600))))[0])
    assert "did not end within 0.3 s" in told.message
    assert "asking" in told.evidence


async def test_a_program_that_the_image_lacks_is_told_so(tmp_path: Path) -> None:
    told = failure((await ended(tmp_path, never_listens()))[0])
    assert "not in the image" in told.hint


async def test_secrets_in_what_it_says_are_not_shown(tmp_path: Path) -> None:
    variables = {
        "DATABASE_URL": "postgres://shop:pa55/word@db:5432/shop",
        "API_TOKEN": "correct-horse",
        "STRIPE": "a1b2c3d4e5f6a7b8c9d0e1f2",
        "REGION": "eu-central",
    }
    said = "\n".join(["Error: refused in eu-central by db", *variables.values(), "password pa55/word"])
    told = failure((await ended(tmp_path, app(Command(1, said)), variables=variables))[0])
    everything = "\n".join((told.message, told.hint, *told.evidence))
    assert "eu-central by db" in everything
    for secret in ("pa55", "correct-horse", "a1b2c3d4e5f6a7b8c9d0e1f2"):
        assert secret not in everything


async def test_variables_are_filled_in_from_the_instance_s_own(tmp_path: Path) -> None:
    settings = replace(SETTINGS, probe=replace(PROBE, command='check --port $PORT --name "$WHO" $SHIPWAY_INSTANCE'))
    argv = ("check", "--port", "8080", "--name", "a b", "acme.shop.production.api.v1.d1.web.1")
    made, _ = await ended(tmp_path, app(Command(), argv), settings, {"WHO": "a b"})
    assert made.state == "live"


def test_a_secret_is_filled_in_by_the_instance_s_own_shell() -> None:
    for command in ("check --token $TOKEN", 'check "${TOKEN}"'):
        assert command_line(command, {"TOKEN": "s3cret"}, {"TOKEN"}, "web.1") == ("/bin/sh", "-c", command)
    assert command_line("check $TOKENS $SHIPWAY_INSTANCE", {}, {"TOKEN"}, "web.1") == ("check", "web.1")


async def test_the_shell_s_own_syntax_gets_one(tmp_path: Path) -> None:
    settings = replace(SETTINGS, probe=replace(PROBE, command="check | grep ok"))
    made, _ = await ended(tmp_path, app(Command(), ("/bin/sh", "-c", "check | grep ok")), settings)
    assert made.state == "live"


WELL, ILL = app(Command()), app(Command(1))
LIVE = replace(SETTINGS, probe=replace(PROBE, interval=5))


async def test_a_live_one_whose_command_fails_gets_no_requests_until_it_passes(tmp_path: Path) -> None:
    async with a_world(tmp_path, LIVE, WELL) as world:
        first, second = world.names()
        world.stack.engine.behave(first, ILL)
        await world.pass_by(20)
        assert await world.served_by() == {second}
        assert (await world.view()).vitals.unready == {first}
        world.stack.engine.behave(first, WELL)
        await world.pass_by(3)
        assert await world.served_by() == {first, second}


async def test_while_the_engine_does_not_answer_nobody_is_taken_out(tmp_path: Path) -> None:
    async with a_world(tmp_path, LIVE, WELL) as world:
        world.stack.engine.available = False
        await world.pass_by(30)
        assert await world.served_by() == set(world.names())


async def test_a_command_that_hangs_does_not_keep_liveness_waiting(tmp_path: Path) -> None:
    settings = replace(LIVE, liveness=Liveness(path="/livez", interval=10, failures=3))
    async with a_world(tmp_path, settings, replace(WELL, address="0.0.0.0")) as world:
        first, _ = world.names()
        await world.pass_by(15)
        world.stack.engine.behave(first, app(Command(after=3600)))
        rounds = []
        async with asyncio.timeout(20):
            while (await world.view()).vitals.restarts.get(first) is None:
                world.time += 1
                rounds.append(asyncio.create_task(world.watchman.round()))
                await asyncio.sleep(0)
        assert world.stack.engine.executing(first) == 1
        for each in rounds:
            each.cancel()
        await asyncio.gather(*rounds, return_exceptions=True)
        assert world.stack.engine.executing(first) == 0
