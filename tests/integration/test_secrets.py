"""Secrets through a whole Shipway on fakes: taken by name, handed over at the start, and shown nowhere."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete
from tests.support.leaks import in_files
from tests.support.stack import DOCKERFILE, PATH, REPOSITORY, Stack, a_service

from shipway.domain.clock import now
from shipway.domain.deployment import Deployment
from shipway.domain.errors import Conflict, Forbidden, Invalid, NotFound, SecretMissing, SecretRevoked
from shipway.domain.names import EnvironmentPath, ServicePath
from shipway.domain.user import User
from shipway.engines.fake import Behaviour, exits
from shipway.operations import config, config_files, config_history, deployments, logs, planning, secrets
from shipway.operations.access import Actor
from shipway.operations.explanation import explain
from shipway.operations.history import list_releases
from shipway.store import tables as t
from shipway.worker.janitor import Janitor

PLACE = EnvironmentPath(PATH.workspace, PATH.project, PATH.environment)
DSN = "postgres://ada:hunter2-hunter2@db/shop"
PEM = "-----BEGIN KEY-----\nMIIEvQ-of-the-key\n-----END KEY-----\n"


async def put(stack: Stack, name: str = "DSN", value: str = DSN) -> int:
    return (await secrets.set_secret(stack.platform, stack.actor, PLACE, name, value)).versions[0].version


async def bind(stack: Stack, variables: dict[str, str | None] | None = None, **files: str | None) -> None:
    await secrets.change_bindings(stack.platform, stack.actor, PATH, variables=variables or {}, files=files)


async def share(stack: Stack, **variables: str | None) -> None:
    """Bind variables of the environment, or with `None` no longer."""
    await secrets.change_bindings(stack.platform, stack.actor, PLACE, variables=variables)


async def revoke(stack: Stack, version: int, name: str = "DSN") -> None:
    await secrets.revoke_secret(stack.platform, stack.actor, PLACE, name, version)


async def deployed(stack: Stack) -> Deployment:
    made = await stack.deploy()
    await stack.work()
    return await stack.deployment(made.id)


async def only(stack: Stack) -> str:
    [instance] = await stack.engine.instances()
    return instance.name


async def found(stack: Stack, name: str = "URL") -> str | None:
    return stack.engine.workload(await only(stack)).environment.get(name)


def step_log(stack: Stack, deployment: Deployment, step: str) -> str:
    return stack.platform.logs.read(deployment.id, step).decode()


async def test_a_release_pins_the_newest_version_and_keeps_it(stack: Stack) -> None:
    await put(stack)
    await put(stack, "KEY", PEM)
    await bind(stack, {"URL": "DSN", "SAME": "DSN@1"}, key="KEY")
    assert (await deployed(stack)).state == "live"
    assert (await found(stack), await found(stack, "SAME")) == (DSN, DSN)
    assert stack.engine.secret_files(await only(stack)) == {"key": PEM}

    await put(stack, value="another-dsn")
    await deployments.restart(stack.platform, stack.actor, PATH)
    await stack.work()
    assert await found(stack) == DSN
    await deployed(stack)
    assert (await found(stack), await found(stack, "SAME")) == ("another-dsn", DSN)

    newest, first = await list_releases(stack.platform, stack.actor, PATH)
    assert (first.given.secrets, first.given.secret_files) == ({"SAME": "DSN@1", "URL": "DSN@1"}, {"key": "KEY@1"})
    assert newest.given.secrets["URL"] == "DSN@2" and newest.given.reproducible


async def test_latest_is_looked_up_at_each_start_and_such_a_release_is_not_reproducible(stack: Stack) -> None:
    await put(stack)
    await bind(stack, {"URL": "DSN@latest"})
    await deployed(stack)
    await put(stack, value="another-dsn")
    await deployments.restart(stack.platform, stack.actor, PATH)
    await stack.work()
    assert await found(stack) == "another-dsn"
    [release] = await list_releases(stack.platform, stack.actor, PATH)
    assert release.given.secrets == {"URL": "DSN@latest"} and not release.given.reproducible


async def test_a_rollback_has_the_version_of_its_time(stack: Stack) -> None:
    await put(stack)
    await bind(stack, {"URL": "DSN"})
    await deployed(stack)
    await put(stack, value="another-dsn")
    await deployed(stack)
    await deployments.rollback(stack.platform, stack.actor, PATH)
    await stack.work()
    assert await found(stack) == DSN


async def test_a_rollback_to_what_was_revoked_is_refused_before_anything_starts(stack: Stack) -> None:
    await put(stack)
    await bind(stack, {"URL": "DSN"})
    await deployed(stack)
    await put(stack, value="another-dsn")
    await deployed(stack)
    await revoke(stack, 1)
    before = await only(stack)
    made = await deployments.rollback(stack.platform, stack.actor, PATH)
    await stack.work()
    failure = (await stack.deployment(made.id)).failure
    assert failure and (failure.code, failure.step) == ("secret-revoked", "release")
    assert "version 1 of the secret DSN" in failure.message and "secrets set DSN" in failure.hint
    assert (await only(stack), await found(stack)) == (before, "another-dsn")


async def test_a_plan_refuses_what_its_deployment_would(stack: Stack) -> None:
    await put(stack)
    await bind(stack, {"URL": "DSN"}, key="DSN")
    await deployed(stack)
    await put(stack, value="another-dsn")
    await deployed(stack)
    assert (await planning.plan_rollback(stack.platform, stack.actor, PATH, 1)).release == 1
    await revoke(stack, 1)
    with pytest.raises(SecretRevoked, match="The variable URL refers to DSN@1"):
        await planning.plan_rollback(stack.platform, stack.actor, PATH, 1)
    assert (await planning.plan_rollback(stack.platform, stack.actor, PATH, 1, config="current")).release == 3
    await revoke(stack, 2)
    with pytest.raises(SecretRevoked):
        await planning.plan_restart(stack.platform, stack.actor, PATH)


async def test_going_back_with_todays_config_looks_up_the_latest_also_where_only_files_differ(stack: Stack) -> None:
    await put(stack)
    await bind(stack, {"URL": "DSN@latest"})
    await deployed(stack)
    await config_files.change_files(stack.platform, stack.actor, PATH, files={"app": "1"}, deploy=False)
    await put(stack, value="another-dsn")
    await deployments.rollback(stack.platform, stack.actor, PATH, version=1, config="current")
    await stack.work()
    assert await found(stack) == "another-dsn"
    before = await only(stack)
    await put(stack, value="a-third-dsn")
    await config_files.change_files(stack.platform, stack.actor, PATH, files={"app": "2"})
    await stack.work()
    assert (await only(stack), stack.engine.files(before)) == (before, {"app": b"2"})


@pytest.mark.parametrize("lost", ["secret-missing", "secret-revoked"])
async def test_a_deployment_whose_secret_can_t_be_had_fails_at_its_release(stack: Stack, lost: str) -> None:
    await put(stack)
    await bind(stack, {"URL": "DSN"})
    if lost == "secret-revoked":
        await revoke(stack, 1)
    else:
        async with stack.platform.database.write() as tx:
            await tx.execute(delete(t.secret_versions))
    failed = await deployed(stack)
    assert failed.failure and (failed.failure.code, failed.failure.step) == (lost, "release")
    assert "The variable URL refers to DSN." in failed.failure.message
    assert await stack.engine.instances() == []
    assert await list_releases(stack.platform, stack.actor, PATH) == []


async def test_an_instance_that_lost_its_files_is_brought_back_with_them(stack: Stack) -> None:
    await put(stack, "KEY", PEM)
    await bind(stack, {}, key="KEY")
    await deployed(stack)
    name = await only(stack)
    stack.engine.lose_secret_files(name)
    stack.engine.crash(name)
    async with stack.working():
        while (await stack.engine.instances())[0].state != "exited":
            await asyncio.sleep(0.01)
    await Janitor(stack.platform).round()
    [instance] = await stack.engine.instances()
    assert (instance.state, stack.engine.secret_files(name)) == ("running", {"key": PEM})


async def test_what_was_revoked_is_not_revived_and_does_not_keep_others_down(stack: Stack) -> None:
    await put(stack)
    await bind(stack, {"URL": "DSN"})
    await deployed(stack)
    name = await only(stack)
    await revoke(stack, 1)
    await stack.engine.stop(name, 0)
    await Janitor(stack.platform).round()
    assert await stack.engine.instances() == []


async def test_what_was_stopped_for_its_successor_and_revoked_since_keeps_no_round_from_ending(stack: Stack) -> None:
    await stack.change(strategy={"type": "recreate"})
    await put(stack)
    await bind(stack, {"URL": "DSN"})
    await deployed(stack)
    await put(stack, value="another-dsn")
    await revoke(stack, 1)
    image = (await list_releases(stack.platform, stack.actor, PATH))[0].image.reference
    stack.engine.behaviours[image, "web"] = exits(1)
    failed = await deployed(stack)
    assert failed.failure and failed.failure.code == "app-exited"
    assert "can't be started again" in step_log(stack, failed, "abandon")
    assert not stack.platform.workplace(failed.id).exists()
    await Janitor(stack.platform).round()
    assert await stack.engine.instances() == []


async def test_a_version_that_is_revoked_between_start_and_switch_spoils_no_cutover(stack: Stack) -> None:
    await put(stack)
    await bind(stack, {"URL": "DSN"})

    async def at_the_switch(verb: str, when: str) -> None:
        if (verb, when) == ("apply", "before"):
            stack.router.intercept = None
            await revoke(stack, 1)

    stack.router.intercept = at_the_switch
    live = await deployed(stack)
    assert live.state == "live"
    assert "nothing starts it again" in step_log(stack, live, "finalize")
    assert await found(stack) == DSN


async def test_the_environment_has_variables_for_all_and_a_service_s_own_win(stack: Stack) -> None:
    await put(stack)
    await share(stack, URL="DSN", RAW="DSN")
    await config.change_config(stack.platform, stack.actor, PLACE, values={"OWN": "of all"})
    await config.change_config(stack.platform, stack.actor, PATH, values={"RAW": "mine"})
    await bind(stack, {"OWN": "DSN@1"})
    await deployed(stack)
    assert [await found(stack, name) for name in ("URL", "RAW", "OWN")] == [DSN, "mine", DSN]
    [release] = await list_releases(stack.platform, stack.actor, PATH)
    assert (release.given.secrets, release.given.config) == ({"OWN": "DSN@1", "URL": "DSN@1"}, {"RAW": "mine"})


async def test_what_a_service_no_longer_has_itself_it_has_of_its_environment_until_that_has_it_no_longer(
    stack: Stack,
) -> None:
    await put(stack)
    await put(stack, "OTHER", "other-dsn")
    await share(stack, URL="DSN")
    await bind(stack, {"URL": "OTHER"})
    await deployed(stack)
    assert await found(stack) == "other-dsn"
    with pytest.raises(NotFound, match="of its own"):
        await bind(stack, {"RAW": None})
    await bind(stack, {"URL": None})
    with pytest.raises(NotFound, match="of its own"):
        await bind(stack, {"URL": None})
    await deployed(stack)
    assert await found(stack) == DSN
    await share(stack, URL=None)
    await deployed(stack)
    assert await found(stack) is None
    history = await config_history.list_changes(stack.platform, stack.actor, PLACE, name="URL")
    assert [(each.change, each.reference, each.origin) for each in history] == [
        ("unset", "", "environment"),
        ("set", "DSN", "environment"),
    ]


async def test_a_value_takes_the_place_of_an_environments_secret_and_the_other_way_round(stack: Stack) -> None:
    await put(stack)
    await config.change_config(stack.platform, stack.actor, PLACE, values={"URL": "raw"}, buildtime={"URL": True})
    await share(stack, URL="DSN")
    known = await config.get_config(stack.platform, stack.actor, PATH)
    assert (known.values, known.secrets, known.buildtime) == ({}, {"URL": "DSN"}, ())
    moment = now()
    await config.change_config(stack.platform, stack.actor, PLACE, values={"URL": "raw again"})
    assert (await secrets.list_bindings(stack.platform, stack.actor, PATH)).variables == {}
    before = await config_history.config_at(stack.platform, stack.actor, PATH, moment)
    assert (before.values, before.secrets) == ({}, {"URL": "DSN"})
    await deployed(stack)
    assert await found(stack) == "raw again"


async def test_an_environments_use_of_a_secret_is_listed_and_keeps_it_from_being_deleted(stack: Stack) -> None:
    await put(stack)
    await share(stack, URL="DSN")
    await deployed(stack)
    [known] = await secrets.list_secrets(stack.platform, stack.actor, PLACE)
    assert [(use.path, use.release, use.name, use.reference) for use in known.used_by] == [
        (str(PATH), 1, "URL", "DSN@1"),
        (str(PLACE), None, "URL", "DSN"),
    ]
    await share(stack, URL=None)
    await deployed(stack)
    await share(stack, URL="DSN")
    with pytest.raises(Conflict, match=f"the variable URL of {PLACE}\\."):
        await secrets.delete_secret(stack.platform, stack.actor, PLACE, "DSN")
    await share(stack, URL=None)
    await secrets.delete_secret(stack.platform, stack.actor, PLACE, "DSN")


async def test_an_environment_s_secret_that_was_revoked_fails_every_release_that_would_take_it(stack: Stack) -> None:
    await put(stack)
    await share(stack, URL="DSN")
    await revoke(stack, 1)
    failed = await deployed(stack)
    assert failed.failure and (failed.failure.code, failed.failure.step) == ("secret-revoked", "release")
    with pytest.raises(SecretRevoked):
        await planning.plan_deploy(stack.platform, stack.actor, PATH)
    with pytest.raises(SecretRevoked):
        await share(stack, OTHER="DSN")
    await config.change_config(stack.platform, stack.actor, PATH, values={"URL": "mine"})
    assert (await deployed(stack)).state == "live"


async def test_an_environment_has_no_files_of_secrets(stack: Stack) -> None:
    await put(stack)
    with pytest.raises(Invalid, match="a service's own"):
        await secrets.change_bindings(stack.platform, stack.actor, PLACE, variables={"URL": "DSN"}, files={"a": "DSN"})
    assert (await secrets.list_bindings(stack.platform, stack.actor, PLACE)).variables == {}


TOLD = (f"dsn is {DSN}", f"cut: {DSN[:20]}", f"{DSN[20:]} end", *PEM.splitlines(), "abc stays", "postgres is up")
SHOWN = ["dsn is •••", "cut: •••", "••• end", "•••", "•••", "•••", "abc stays", "postgres is up"]


async def secrets_of_each_kind(stack: Stack) -> None:
    await put(stack)
    await put(stack, "KEY", PEM)
    await put(stack, "SHORT", "abc")
    await bind(stack, {"URL": "DSN", "SHORT": "SHORT"}, key="KEY")


async def image_of(stack: Stack, procfile: str) -> str:
    """What the next deployment will run, which is what the last one ran."""
    stack.sources.add(REPOSITORY, "main", {"Dockerfile": DOCKERFILE, "Procfile": procfile})
    await deployed(stack)
    return (await list_releases(stack.platform, stack.actor, PATH))[0].image.reference


async def assert_kept_nowhere(stack: Stack, tmp_path: Path) -> None:
    """The database is still open: what is in its log counts, too."""
    assert in_files(tmp_path, [DSN, DSN[:20], DSN[20:], "of-the-key"]) == []


async def test_what_an_instance_tells_is_masked_in_every_stream(stack: Stack, tmp_path: Path) -> None:
    image = await image_of(stack, "web: serve\n")
    await secrets_of_each_kind(stack)
    stack.engine.behaviours[image, "web"] = Behaviour(output=TOLD, address="0.0.0.0")
    await deployed(stack)
    read = logs.service_logs(stack.platform, stack.actor, PATH, follow=False, tail=None)
    assert [line.text async for line in read] == SHOWN
    followed = logs.service_logs(stack.platform, stack.actor, PATH, follow=True, tail=None)
    async with asyncio.timeout(20), aclosing(followed):  # type: ignore[type-var]
        assert [(await anext(followed)).text for _ in SHOWN] == SHOWN
    await assert_kept_nowhere(stack, tmp_path)


async def test_what_was_revoked_is_masked_for_as_long_as_an_instance_has_it(stack: Stack, tmp_path: Path) -> None:
    image = await image_of(stack, "web: serve\n")
    await secrets_of_each_kind(stack)
    stack.engine.behaviours[image, "web"] = Behaviour(output=TOLD, address="0.0.0.0")
    await deployed(stack)
    other = replace(PATH, service="other")
    await a_service(stack, other)
    stack.engine.script = lambda _: Behaviour(output=(f"heard of {DSN}",), address="0.0.0.0")
    await deployments.deploy(stack.platform, stack.actor, other)
    await stack.work()

    async def read(path: ServicePath) -> list[str]:
        lines = logs.service_logs(stack.platform, stack.actor, path, follow=False, tail=None)
        return [line.text async for line in lines]

    await revoke(stack, 1)
    await revoke(stack, 1, "KEY")
    assert (await read(PATH), await read(other)) == (SHOWN, ["heard of •••"])
    await assert_kept_nowhere(stack, tmp_path)

    # What has it is replaced: from then on nobody can know it.
    await bind(stack, {"URL": None}, key=None)
    await deployed(stack)
    assert await read(other) == [f"heard of {DSN}"]


async def test_what_was_deleted_is_masked_for_as_long_as_an_instance_has_it(stack: Stack) -> None:
    await stack.change(keep_warm=600)
    await put(stack)
    await bind(stack, {"URL": "DSN@latest"})
    stack.engine.script = lambda _: Behaviour(output=(f"dsn is {DSN}",), address="0.0.0.0")
    await deployed(stack)
    await bind(stack, {"URL": None})
    async with stack.working():
        made = await stack.deploy()
        await stack.until(made, "live")
        await secrets.delete_secret(stack.platform, stack.actor, PLACE, "DSN")
        read = logs.service_logs(stack.platform, stack.actor, PATH, follow=False, tail=None)
        assert [line.text async for line in read] == ["dsn is •••"] * 2


async def test_what_a_release_command_tells_is_masked(stack: Stack, tmp_path: Path) -> None:
    image = await image_of(stack, "web: serve\nrelease: tell\n")
    await secrets_of_each_kind(stack)
    stack.engine.behaviours[image, "release"] = exits(2, output=TOLD)
    failed = await deployed(stack)
    assert failed.failure and failed.failure.code == "release-command-failed"
    assert [line for line in step_log(stack, failed, "release").splitlines() if line.startswith("       ")] == [
        f"       {line}" for line in SHOWN
    ]
    await assert_kept_nowhere(stack, tmp_path)


async def test_why_an_instance_failed_is_told_without_its_secrets(stack: Stack, tmp_path: Path) -> None:
    image = await image_of(stack, "web: serve\n")
    await secrets_of_each_kind(stack)
    stack.engine.behaviours[image, "web"] = exits(1, output=[*TOLD, f"Error: could not connect to {DSN}"])
    failed = await deployed(stack)
    assert failed.failure and "Error: could not connect to •••" in failed.failure.evidence
    assert SHOWN[0] in step_log(stack, failed, "abandon")
    assert DSN not in repr(await explain(stack.platform, stack.actor, failed.id))
    await assert_kept_nowhere(stack, tmp_path)


async def test_a_secret_of_another_service_there_is_masked_too(stack: Stack) -> None:
    image = await image_of(stack, "web: serve\n")
    await put(stack)
    stack.engine.behaviours[image, "web"] = Behaviour(output=(f"the other one said {DSN}",), address="0.0.0.0")
    await deployed(stack)
    read = logs.service_logs(stack.platform, stack.actor, PATH, follow=False, tail=None)
    assert [line.text async for line in read] == ["the other one said •••"]


async def test_a_command_with_a_secret_is_filled_in_by_a_shell_inside_and_by_nobody_before(stack: Stack) -> None:
    await put(stack)
    await bind(stack, {"URL": "DSN"})
    stack.sources.add(
        REPOSITORY, "main", {"Dockerfile": DOCKERFILE, "Procfile": "web: serve --dsn $URL --port $PORT\n"}
    )
    await deployed(stack)
    assert stack.engine.workload(await only(stack)).command == ("/bin/sh", "-c", "serve --dsn $URL --port $PORT")


async def test_a_secret_is_listed_with_its_users_and_without_values(stack: Stack) -> None:
    await put(stack)
    await bind(stack, {"URL": "DSN"})
    await deployed(stack)
    await put(stack, value="another-dsn")
    [known] = await secrets.list_secrets(stack.platform, stack.actor, PLACE)
    assert [each.version for each in known.versions] == [2, 1]
    assert [(use.path, use.release, use.kind, use.name, use.reference) for use in known.used_by] == [
        (str(PATH), 1, "variable", "URL", "DSN@1"),
        (str(PATH), None, "variable", "URL", "DSN"),
    ]
    assert "dsn" not in repr(known).replace("DSN", "")


async def test_what_is_used_can_t_be_deleted_and_afterwards_it_can(stack: Stack) -> None:
    await put(stack)
    await bind(stack, {"URL": "DSN"})
    with pytest.raises(Conflict, match="the variable URL of acme"):
        await secrets.delete_secret(stack.platform, stack.actor, PLACE, "DSN")
    await deployed(stack)
    await bind(stack, {"URL": None})
    with pytest.raises(Conflict, match="release v1"):
        await secrets.delete_secret(stack.platform, stack.actor, PLACE, "DSN")
    await deployed(stack)
    await secrets.delete_secret(stack.platform, stack.actor, PLACE, "DSN")
    assert await secrets.list_secrets(stack.platform, stack.actor, PLACE) == []
    with pytest.raises(SecretMissing):
        await secrets.delete_secret(stack.platform, stack.actor, PLACE, "DSN")


@pytest.mark.parametrize(
    ("variables", "files", "error"),
    [
        ({"URL": "NONE"}, {}, SecretMissing),
        ({"URL": "DSN@9"}, {}, SecretMissing),
        ({"URL": "DSN@0"}, {}, Invalid),
        ({"PORT": "DSN"}, {}, Invalid),
        ({"SHIPWAY_X": "DSN"}, {}, Invalid),
        ({}, {"../dsn": "DSN"}, Invalid),
        ({}, {".dsn": "DSN"}, Invalid),
        ({"URL": None}, {}, NotFound),
        ({}, {"dsn": None}, NotFound),
        ({"URL": "OLD"}, {}, SecretRevoked),
    ],
)
async def test_what_can_t_be_bound_is_refused_whole(
    stack: Stack, variables: dict[str, str | None], files: dict[str, str | None], error: type[Exception]
) -> None:
    await put(stack)
    await put(stack, "OLD")
    await revoke(stack, 1, "OLD")
    with pytest.raises(error):
        await bind(stack, {"GOOD": "DSN"} | variables, **files)
    bound = await secrets.list_bindings(stack.platform, stack.actor, PATH)
    assert (bound.variables, bound.files) == ({}, {})


async def test_another_workspace_finds_neither_secrets_nor_bindings(stack: Stack) -> None:
    await put(stack)
    stranger = Actor(User("usr_x", "eve", False, frozenset()))
    for attempt in (
        secrets.list_secrets(stack.platform, stranger, PLACE),
        secrets.set_secret(stack.platform, stranger, PLACE, "DSN", "x"),
        secrets.revoke_secret(stack.platform, stranger, PLACE, "DSN", 1),
        secrets.delete_secret(stack.platform, stranger, PLACE, "DSN"),
        secrets.list_bindings(stack.platform, stranger, PATH),
        secrets.change_bindings(stack.platform, stranger, PATH, variables={"A": "DSN"}),
        secrets.list_bindings(stack.platform, stranger, PLACE),
        secrets.change_bindings(stack.platform, stranger, PLACE, variables={"A": "DSN"}),
    ):
        with pytest.raises(NotFound):
            await attempt
    with pytest.raises(Forbidden):
        await secrets.rotate_key(stack.platform, stranger)
