"""A Vault over HTTP that fails in its ways: an adapter on loopback, and Shipway on fakes with it."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from tests.support.leaks import in_files
from tests.support.stack import PATH, Stack
from tests.support.vault_server import VaultServer, vault_server

from shipway.domain.errors import Conflict, NotFound, SecretMissing, SecretRevoked, Unavailable, VaultRefused
from shipway.domain.names import EnvironmentPath
from shipway.domain.secret import SecretHome, secret_reference
from shipway.operations import deletion, deployments, planning, secrets
from shipway.operations.history import list_releases
from shipway.pipeline import run
from shipway.pipeline.said import masking
from shipway.vault import kv
from shipway.vault.kv import KvClient, KvPlace
from shipway.vault.login import AppRole, GivenToken, Login
from shipway.vault.openbao import OpenBaoVault
from shipway.worker.revive import revive

PLACE = EnvironmentPath(PATH.workspace, PATH.project, PATH.environment)
DSN = "postgres://ada:hunter2-hunter2@db/shop"
PEM = "-----BEGIN KEY-----\nMIIEvQ-of-the-key\n-----END KEY-----\n"
IN_VAULT = f"shipway/{PLACE}/DSN"


@pytest.fixture
async def server() -> AsyncIterator[VaultServer]:
    async with vault_server() as made:
        yield made


@dataclass(frozen=True)
class World:
    """Shipway on fakes whose secrets are in a Vault."""

    stack: Stack
    server: VaultServer
    vault: OpenBaoVault
    secret_id_file: Path

    async def put(self, value: str = DSN, name: str = "DSN") -> int:
        made = await secrets.set_secret(self.stack.platform, self.stack.actor, PLACE, name, value)
        return made.versions[0].version

    async def bind(self, variables: dict[str, str | None], **files: str | None) -> None:
        await secrets.change_bindings(self.stack.platform, self.stack.actor, PATH, variables=variables, files=files)

    async def found(self, name: str = "URL") -> str:
        [instance] = await self.stack.engine.instances()
        return self.stack.engine.workload(instance.name).environment[name]

    async def versions(self) -> list[int]:
        known = await secrets.list_secrets(self.stack.platform, self.stack.actor, PLACE)
        return [each.version for one in known for each in one.versions]


def with_vault(stack: Stack, server: VaultServer, login: Login) -> tuple[Stack, OpenBaoVault]:
    database = stack.platform.database
    vault = OpenBaoVault(database, KvClient(KvPlace(server.url, namespace=server.namespace), login))
    return replace(stack, platform=replace(stack.platform, vault=vault)), vault


@pytest.fixture
async def world(stack: Stack, server: VaultServer, tmp_path: Path) -> AsyncIterator[World]:
    file = tmp_path / "secret-id"
    file.write_text(next(iter(server.secret_ids)) + "\n")
    stack, vault = with_vault(stack, server, AppRole(server.role_id, file))
    yield World(stack, server, vault, file)
    await vault.close()


async def opened(vault: OpenBaoVault, text: str) -> str:
    reference = secret_reference(text)
    return (await vault.opened(SecretHome("env_1", PLACE), [reference]))[reference]


async def test_a_deployment_gets_its_variable_and_its_file_and_the_database_never_has_the_values(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    stack = world.stack
    await world.put()
    await world.put(PEM, "KEY")
    await world.bind({"URL": "DSN"}, key="KEY")
    made = await stack.deployed()
    assert (made.state, await world.found()) == ("live", DSN)
    [instance] = await stack.engine.instances()
    assert stack.engine.secret_files(instance.name) == {"key": PEM}
    [release] = await list_releases(stack.platform, stack.actor, PATH)
    assert (release.given.secrets, release.given.secret_files) == ({"URL": "DSN@1"}, {"key": "KEY@1"})
    assert (await masking(stack.platform, (await a_service(stack))))(f"connecting to {DSN}") == "connecting to •••"
    assert in_files(tmp_path, ["hunter2", "MIIEvQ", *world.server.tokens]) == []
    assert "hunter2" not in caplog.text and not any(each in caplog.text for each in world.server.tokens)
    assert world.server.keys[IN_VAULT].versions[1].data == {"value": DSN}


async def a_service(stack: Stack):  # type: ignore[no-untyped-def]
    from shipway.store import services

    async with stack.platform.database.read() as tx:
        found = await services.by_path(tx, PATH)
    assert found
    return found


async def test_what_somebody_writes_in_vault_is_pinned_by_the_next_release_and_followed_by_latest(world: World) -> None:
    await world.put()
    await world.bind({"URL": "DSN", "LATEST": "DSN@latest"})
    await world.stack.deployed()
    assert world.server.write(IN_VAULT, "written-outside") == 2
    await deployments.restart(world.stack.platform, world.stack.actor, PATH)
    await world.stack.work()
    assert (await world.found(), await world.found("LATEST")) == (DSN, "written-outside")
    await world.stack.deployed()
    assert await world.found() == "written-outside"
    assert await world.versions() == [2, 1]
    service = await a_service(world.stack)
    assert (await masking(world.stack.platform, service))("it is written-outside") == "it is •••"


async def test_what_is_deleted_in_vault_is_missing_and_is_back_when_it_is_undeleted(world: World) -> None:
    await world.put()
    world.server.write(IN_VAULT, "second")
    await world.bind({"URL": "DSN"})
    world.server.delete(IN_VAULT, 2)
    assert await world.versions() == [1]
    with pytest.raises(SecretMissing, match="version 2"):
        await planning.plan_deploy(world.stack.platform, world.stack.actor, PATH)
    with pytest.raises(SecretMissing, match="version 2 .* deleted"):
        await opened(world.vault, "DSN@latest")
    world.server.keys[IN_VAULT].versions[2].deleted = ""
    assert await world.versions() == [2, 1]
    assert await opened(world.vault, "DSN") == "second"


async def test_what_is_to_be_deleted_only_later_can_still_be_had(world: World) -> None:
    await world.put()
    later = datetime.now(UTC) + timedelta(hours=1)
    world.server.keys[IN_VAULT].versions[1].deleted = later.isoformat().replace("+00:00", "Z")
    assert await world.versions() == [1]
    assert await opened(world.vault, "DSN") == DSN


async def test_what_is_destroyed_in_vault_is_revoked_here_and_no_rollback_brings_it_back(world: World) -> None:
    await world.put()
    await world.bind({"URL": "DSN"})
    await world.stack.deployed()
    await world.put("second-value")
    await world.stack.deployed()
    world.server.destroy(IN_VAULT, 1)
    with pytest.raises(SecretRevoked):
        await planning.plan_rollback(world.stack.platform, world.stack.actor, PATH, 1)
    made = await deployments.rollback(world.stack.platform, world.stack.actor, PATH)
    await world.stack.work()
    failure = (await world.stack.deployment(made.id)).failure
    assert failure and (failure.code, failure.step) == ("secret-revoked", "release")
    assert await world.found() == "second-value"


async def test_versions_that_vault_does_not_keep_any_longer_are_missing(world: World) -> None:
    for number in range(12):
        world.server.write(IN_VAULT, f"value-{number}")
    assert await world.versions() == list(range(12, 2, -1))
    with pytest.raises(SecretMissing, match="version 2"):
        await opened(world.vault, "DSN@2")


async def test_an_expired_token_is_replaced_by_one_login_and_nobody_notices(world: World) -> None:
    await world.put()
    world.server.expire_tokens()
    assert await asyncio.gather(*(opened(world.vault, "DSN") for _ in range(5))) == [DSN] * 5
    assert world.server.logins == 2


async def test_a_token_is_replaced_before_its_time_is_over(world: World) -> None:
    world.server.ttl = 1
    await world.put()
    used = world.vault._client._token
    assert used and used.good_until
    world.vault._client._token = replace(used, good_until=used.good_until - 1)
    assert await opened(world.vault, "DSN") == DSN
    assert world.server.logins == 2


async def test_a_role_that_vault_does_not_know_any_more_is_told_without_its_secret(world: World) -> None:
    await world.put()
    world.server.expire_tokens()
    old = world.server.secret_ids.pop()
    with pytest.raises(VaultRefused, match="AppRole") as refused:
        await opened(world.vault, "DSN")
    assert (
        old not in f"{refused.value.message} {refused.value.hint}" and str(world.secret_id_file) in refused.value.hint
    )
    world.server.secret_ids.add("a-new-secret-id")
    world.secret_id_file.write_text("a-new-secret-id")
    assert await opened(world.vault, "DSN") == DSN


async def test_a_wrong_token_is_told_and_the_next_one_in_its_file_is_taken(
    stack: Stack, server: VaultServer, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    _, vault = with_vault(stack, server, GivenToken(file))
    with pytest.raises(VaultRefused, match="can't be read from"):
        await opened(vault, "DSN")
    file.write_text("hvs.wrong-token")
    with pytest.raises(VaultRefused, match="does not allow Shipway GET secret/data/") as refused:
        await opened(vault, "DSN")
    assert "hvs.wrong-token" not in f"{refused.value.message} {refused.value.hint}"
    server.write(IN_VAULT, DSN)
    file.write_text(server.issue() + "\n")
    assert await opened(vault, "DSN") == DSN
    await vault.close()


async def test_another_namespace_is_not_ours(stack: Stack, server: VaultServer, world: World) -> None:
    await world.put()
    server.namespace = "team-a"
    with pytest.raises(VaultRefused):
        await opened(world.vault, "DSN")
    _, inside = with_vault(stack, server, GivenToken(text=server.issue()))
    assert await opened(inside, "DSN") == DSN
    await inside.close()


async def test_an_engine_that_wants_check_and_set_is_written_to_and_another_writer_loses_nothing(world: World) -> None:
    world.server.cas_required = True
    assert sorted(await asyncio.gather(*(world.put(f"value-{each}") for each in range(4)))) == [1, 2, 3, 4]
    kept = {each.data["value"] for each in world.server.keys[IN_VAULT].versions.values() if each.data}
    assert kept == {f"value-{each}" for each in range(4)}


async def test_a_vault_that_is_sealed_or_gone_stops_no_instance_and_a_deployment_before_it_starts_any(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "PATIENCE", (0.0,))
    await world.put()
    await world.bind({"URL": "DSN"})
    await world.stack.deployed()
    before = await world.stack.engine.instances()
    world.server.sealed = True
    made = await world.stack.deployed()
    assert made.failure and (made.failure.code, made.failure.step) == ("gave-up", "release")
    assert "is sealed" in made.failure.message and world.server.url in made.failure.message
    assert await world.stack.engine.instances() == before
    # What is known to be secret stays masked, and what runs can be watched.
    for seen in world.vault._seen.values():
        seen.good_until = 0.0
    assert (await masking(world.stack.platform, await a_service(world.stack)))(f"x {DSN}") == "x •••"
    with pytest.raises(Unavailable, match="is sealed"):
        await world.put("second-value")
    world.server.sealed = False
    assert (await world.stack.deployed()).state == "live"


async def test_without_a_vault_a_lost_instance_waits_and_is_back_with_it(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    await world.put()
    await world.bind({"URL": "DSN"})
    await world.stack.deployed()
    [instance] = await world.stack.engine.instances()
    await world.stack.engine.stop(instance.name, 0)
    world.server.sealed = True
    await revive(world.stack.platform)
    assert await world.stack.engine.instances() == [] and "is sealed" in capsys.readouterr().out
    world.server.sealed = False
    await revive(world.stack.platform)
    assert await world.found() == DSN


async def test_a_policy_that_lists_but_does_not_read_fails_the_step_release(world: World) -> None:
    await world.put()
    await world.bind({"URL": "DSN"})
    world.server.tokens[next(iter(world.server.tokens))].denied = (("GET", "data/"), ("POST", "auth/"))
    monkey = world.server.issue(denied=(("GET", "data/"),))
    stack, vault = with_vault(world.stack, world.server, GivenToken(text=monkey))
    made = await stack.deployed()
    assert made.failure and (made.failure.code, made.failure.step) == ("vault-refused", "release")
    assert f"GET secret/data/{IN_VAULT}" in made.failure.message and "policy" in made.failure.hint
    assert await stack.engine.instances() == []
    await vault.close()


async def test_a_vault_that_does_not_answer_is_given_up_and_no_writer_waits_for_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.put()
    monkeypatch.setattr(world.vault._client._http, "timeout", httpx2.Timeout(0.05))
    world.server.answering.clear()
    with pytest.raises(Unavailable, match="does not answer in time"):
        await opened(world.vault, "DSN")
    monkeypatch.setattr(world.vault._client._http, "timeout", kv._TIMEOUT)
    asking = asyncio.create_task(world.put("second-value"))
    await asyncio.sleep(0)
    async with world.stack.platform.database.write():
        assert not asking.done()
    world.server.answering.set()
    assert await asking == 2


async def test_a_vault_that_is_not_there_says_where_it_was_looked_for() -> None:
    client = KvClient(KvPlace("http://127.0.0.1:1"), GivenToken(text="hvs.of-nobody"))
    with pytest.raises(Unavailable, match="http://127.0.0.1:1 can't be reached") as gone:
        await client.read("x", None)
    assert gone.value.__cause__ is None and gone.value.hint
    await client.close()


async def test_values_that_are_sealed_in_the_database_are_not_left_behind(stack: Stack, server: VaultServer) -> None:
    await secrets.set_secret(stack.platform, stack.actor, PLACE, "DSN", DSN)
    _, vault = with_vault(stack, server, GivenToken(text=server.issue()))
    with pytest.raises(Conflict, match="1 secrets are sealed") as refused:
        await vault.prepare()
    assert "DSN" in refused.value.hint
    await vault.close()


async def test_what_lies_in_vault_is_told_when_the_store_is_to_open_it(world: World, stack: Stack) -> None:
    await world.put()
    home = (await a_service(stack)).secret_home
    with pytest.raises(Unavailable, match="secrets_backend = vault"):
        await stack.platform.vault.opened(home, [secret_reference("DSN")])


async def test_an_environment_that_is_deleted_leaves_nothing_in_vault(world: World) -> None:
    await world.put()
    world.server.write("shipway/acme/shop/staging/DSN", "of-staging")
    await deletion.delete_environment(world.stack.platform, world.stack.actor, PLACE, confirm=str(PLACE))
    assert list(world.server.keys) == ["shipway/acme/shop/staging/DSN"]
    with pytest.raises(NotFound):
        await world.put()


async def test_what_is_no_secret_of_ours_is_passed_over(world: World) -> None:
    await world.put()
    world.server.write(f"shipway/{PLACE}/not-a-name", "x")
    world.server.write(f"shipway/{PLACE}/folder/NAME", "x")
    world.server._write(f"shipway/{PLACE}/OTHER", {"password": "x"})
    known = await secrets.list_secrets(world.stack.platform, world.stack.actor, PLACE)
    assert [each.name for each in known] == ["DSN", "OTHER"]
    with pytest.raises(SecretMissing, match="no text in its field `value`"):
        await opened(world.vault, "OTHER")
    assert (await masking(world.stack.platform, await a_service(world.stack)))(DSN) == "•••"
