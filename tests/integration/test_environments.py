"""Environments: looked at, changed, cloned; and the branch that their services take."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.asgi import SERVICE, Api, an_api
from tests.support.stack import AT_ONCE, DOCKERFILE, PATH, REPOSITORY, a_service

from shipway.domain.names import ServicePath
from shipway.domain.source import GitSource
from shipway.domain.volume import Volume
from shipway.operations import config, config_files, deployments, history, secrets, services

PROJECT = SERVICE.partition("/environments/")[0]
ENVIRONMENT = SERVICE.rpartition("/services/")[0]
STAGING = f"{PROJECT}/environments/staging"
MIB = 1024 * 1024
COPY = replace(PATH, environment="staging")


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with an_api(tmp_path, settings=replace(AT_ONCE, volumes=(Volume("data", "/data"),))) as made:
        yield made


async def given_everything(api: Api) -> None:
    """Production has config of its own, secrets that it and its service refer to, and a file."""
    platform, actor = api.stack.platform, api.stack.actor
    for name, value in (
        ("KEY", "a-secret-value"),
        ("CERT", "another-value"),
        ("UNUSED", "x-secret"),
        ("ALL", "of-all"),
    ):
        await secrets.set_secret(platform, actor, PATH.home, name, value)
    await secrets.set_secret(platform, actor, PATH.home, "KEY", "a-newer-value")
    await config.change_config(platform, actor, PATH.home, values={"REGION": "eu"})
    await config.change_config(platform, actor, PATH, values={"LEVEL": "info"})
    await secrets.change_bindings(platform, actor, PATH, variables={"KEY": "KEY@2"}, files={"cert": "CERT@latest"})
    await secrets.change_bindings(platform, actor, PATH.home, variables={"SHARED": "ALL@1"})
    await config_files.change_files(platform, actor, PATH, files={"app.toml": "a = 1"})
    await services.change_service(platform, actor, PATH, settings={"port": 8080})
    await deployments.scale(platform, actor, PATH, {"web": 2})


async def cloned(api: Api, **body: object) -> Any:
    answer = await api("POST", f"{ENVIRONMENT}/clone", json={"to": "staging", **body})
    assert answer.status_code == 201, answer.text
    return answer.json()


class TestLooking:
    async def test_it_is_shown_with_what_is_in_it_and_no_value(self, api: Api) -> None:
        await given_everything(api)
        answer = await api("GET", ENVIRONMENT)
        shown = answer.json()
        assert (shown["name"], shown["kind"], shown["branch"]) == ("production", "production", "")
        assert [(each["path"], each["url"]) for each in shown["services"]] == [
            (str(PATH), api.stack.platform.settings.app_url("api-production-shop.localhost"))
        ]
        assert (shown["variables"], shown["secrets"]) == (["REGION", "SHARED"], ["ALL", "CERT", "KEY", "UNUSED"])
        assert "a-newer-value" not in answer.text

    async def test_one_that_is_not_ones_own_does_not_exist(self, api: Api) -> None:
        theirs = await api.stranger()
        for method, path, body in (
            ("GET", ENVIRONMENT, None),
            ("PATCH", ENVIRONMENT, {"kind": "preview"}),
            ("POST", f"{ENVIRONMENT}/clone", {"to": "staging"}),
            ("GET", f"{ENVIRONMENT}/deletion", None),
        ):
            answer = await api(method, path, headers=theirs, **({"json": body} if body else {}))
            assert answer.status_code == 404, (method, path)

    async def test_kind_and_branch_change_apart(self, api: Api) -> None:
        assert (await api("PATCH", ENVIRONMENT, json={"branch": "stable"})).json()["kind"] == "production"
        changed = (await api("PATCH", ENVIRONMENT, json={"kind": "staging"})).json()
        assert (changed["kind"], changed["branch"]) == ("staging", "stable")
        assert (await api("PATCH", ENVIRONMENT, json={"branch": ""})).json()["branch"] == ""
        assert (await api("PATCH", ENVIRONMENT, json={"branch": "-x"})).status_code in (400, 422)


class TestBranch:
    @pytest.mark.parametrize(("own", "of_environment", "deployed"), [("", "dev", "dev"), ("main", "dev", "main")])
    async def test_a_service_that_names_no_branch_takes_its_environments(
        self, api: Api, own: str, of_environment: str, deployed: str
    ) -> None:
        api.stack.sources.add(REPOSITORY, "dev", {"Dockerfile": DOCKERFILE})
        path = replace(PATH, service="other")
        await a_service(api.stack, path, source=GitSource(REPOSITORY, own))
        await api("PATCH", ENVIRONMENT, json={"branch": of_environment})
        made = await deployments.deploy(api.stack.platform, api.stack.actor, path)
        await api.stack.work()
        ended = await api.stack.deployment(made.id)
        assert ended.state == "live", ended.failure
        clone = api.stack.platform.logs.read(made.id, "clone").decode()
        assert f"-----> {deployed} " in clone


class TestLimits:
    async def test_a_service_that_says_nothing_has_its_environments_and_one_that_does_its_own(self, api: Api) -> None:
        await api("PATCH", ENVIRONMENT, json={"memory": 300 * MIB, "cpus": 0.5})
        assert (await api("GET", SERVICE)).json()["limits"]["memory"] == 300 * MIB
        assert await live(api, PATH) == "live"
        assert await limits(api) == (300 * MIB, 0.5)
        await services.change_service(api.stack.platform, api.stack.actor, PATH, settings={"resources": {"cpus": 2.0}})
        assert await live(api, PATH) == "live"
        assert await limits(api) == (300 * MIB, 2.0)

    async def test_it_counts_from_the_next_release_on_and_a_rollback_has_what_was(self, api: Api) -> None:
        assert await live(api, PATH) == "live"
        assert await limits(api) == (512 * MIB, 1.0)
        await api("PATCH", ENVIRONMENT, json={"memory": 256 * MIB})
        await deployments.restart(api.stack.platform, api.stack.actor, PATH)
        await api.stack.work()
        assert await limits(api) == (512 * MIB, 1.0)
        assert await live(api, PATH) == "live"
        assert await limits(api) == (256 * MIB, 1.0)
        told = (await api("GET", f"{SERVICE}/releases/2/difference?since=1")).json()
        assert [(each["name"], each["after"]) for each in told["changes"]] == [("resources.memory", f"{256 * MIB}")]
        await deployments.rollback(api.stack.platform, api.stack.actor, PATH)
        await api.stack.work()
        assert await limits(api) == (512 * MIB, 1.0)
        await deployments.rollback(api.stack.platform, api.stack.actor, PATH, version=1, config="current")
        await api.stack.work()
        assert await limits(api) == (256 * MIB, 1.0)

    async def test_nothing_is_said_any_more_with_zero_and_the_same_of_a_service(self, api: Api) -> None:
        change = {"settings": {"resources": {"memory": 512 * MIB}}}
        await api("PATCH", SERVICE, json=change)
        await api("PATCH", ENVIRONMENT, json={"memory": 300 * MIB, "cpus": 2})
        assert (await api("GET", SERVICE)).json()["limits"]["memory"] == 512 * MIB
        await api("PATCH", SERVICE, json={"settings": {"resources": {"memory": 0}}})
        assert (await api("GET", SERVICE)).json()["limits"]["memory"] == 300 * MIB
        changed = (await api("PATCH", ENVIRONMENT, json={"memory": 0})).json()
        assert (changed["memory"], changed["cpus"], changed["kind"]) == (0, 2, "production")
        assert (await api("GET", SERVICE)).json()["limits"]["memory"] == 512 * MIB

    async def test_a_plan_counts_with_it(self, api: Api) -> None:
        most = api.stack.engine.machine.memory
        await api("PATCH", ENVIRONMENT, json={"memory": most * 2})
        refused = await api("POST", f"{SERVICE}/plan", json={"action": "deploy"})
        assert (refused.status_code, refused.json()["code"]) == (409, "no-room")
        await api("PATCH", ENVIRONMENT, json={"memory": 0})
        assert (await api("POST", f"{SERVICE}/plan", json={"action": "deploy"})).status_code == 200

    @pytest.mark.parametrize("body", [{"memory": 1}, {"memory": -1}, {"cpus": 0.001}, {"memory": 2**50}])
    async def test_what_no_instance_can_live_with_is_refused(self, api: Api, body: dict[str, float]) -> None:
        for method, path, more in (
            ("PATCH", ENVIRONMENT, {}),
            ("POST", f"{PROJECT}/environments", {"name": "new"}),
            ("POST", f"{ENVIRONMENT}/clone", {"to": "new"}),
        ):
            assert (await api(method, path, json={**more, **body})).status_code in (400, 422), (method, path)
        assert [each["name"] for each in (await api("GET", f"{PROJECT}/environments")).json()] == ["production"]


class TestCloning:
    async def test_limits_are_copied_unless_others_are_named(self, api: Api) -> None:
        await api("PATCH", ENVIRONMENT, json={"memory": 300 * MIB, "cpus": 0.5})
        made = (await cloned(api, cpus=2))["environment"]
        assert (made["memory"], made["cpus"]) == (300 * MIB, 2)
        assert await live(api) == "live"
        assert await limits(api) == (300 * MIB, 2)

    async def test_services_are_copied_with_their_config_and_hosts_of_their_own_and_nothing_runs(
        self, api: Api
    ) -> None:
        await given_everything(api)
        await api("PATCH", ENVIRONMENT, json={"branch": "stable"})
        made = await cloned(api)
        assert (made["environment"]["kind"], made["environment"]["branch"]) == ("staging", "stable")
        assert [(each["path"], each["hosts"]) for each in made["services"]] == [
            (str(COPY), ["api-staging-shop.localhost"])
        ]
        old = await services.get_service(api.stack.platform, api.stack.actor, PATH)
        new = await services.get_service(api.stack.platform, api.stack.actor, COPY)
        assert (new.service.settings, new.service.scale, new.service.source) == (
            old.service.settings,
            {"web": 2},
            old.service.source,
        )
        known = (await config.get_config(api.stack.platform, api.stack.actor, COPY)).vars
        assert {name: var.value for name, var in known.items() if not var.reference} == {
            "REGION": "eu",
            "LEVEL": "info",
        }
        _, text = await config_files.show_file(api.stack.platform, api.stack.actor, COPY, "app.toml")
        assert text == "a = 1"
        assert (new.state, new.latest) == ("stopped", None)
        assert await api.stack.engine.instances() == [] and api.stack.engine.volumes.contents == {}

    async def test_secrets_are_named_and_never_copied(self, api: Api) -> None:
        await given_everything(api)
        made = await cloned(api)
        assert made["to_set"] == ["ALL", "CERT", "KEY"]
        assert await secrets.list_secrets(api.stack.platform, api.stack.actor, COPY.home) == []
        bound = await secrets.list_bindings(api.stack.platform, api.stack.actor, COPY)
        # A version of one environment's secret is another thing in another.
        assert (bound.variables, bound.files) == ({"KEY": "KEY", "SHARED": "ALL"}, {"cert": "CERT@latest"})

    async def test_it_deploys_once_they_are_set_and_not_before(self, api: Api) -> None:
        await given_everything(api)
        await cloned(api)
        assert (await live(api)).startswith("failed")
        for name in ("ALL", "CERT", "KEY"):
            await secrets.set_secret(api.stack.platform, api.stack.actor, COPY.home, name, "of-staging")
        assert await live(api) == "live"

    async def test_what_is_its_own_stays_so(self, api: Api) -> None:
        await given_everything(api)
        await cloned(api)
        await config.change_config(api.stack.platform, api.stack.actor, COPY.home, values={"REGION": "us"})
        known = (await config.get_config(api.stack.platform, api.stack.actor, PATH)).vars
        assert known["REGION"].value == "eu"

    async def test_a_failure_halfway_leaves_no_half_environment(
        self, api: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await a_service(api.stack, replace(PATH, service="second"))
        copied: list[str] = []

        async def fails(*arguments: Any, **_: Any) -> tuple[str, ...]:
            copied.append(arguments[1].path.service)
            if len(copied) == 2:
                raise RuntimeError("the disk is full")
            return ()

        with monkeypatch.context() as patch:
            patch.setattr("shipway.store.copying.copy_config", fails)
            answer = await api("POST", f"{ENVIRONMENT}/clone", json={"to": "staging"})
            assert answer.status_code == 500
        assert copied == ["api", "second"]
        known = (await api("GET", f"{PROJECT}/environments")).json()
        assert [each["name"] for each in known] == ["production"]
        assert len(await services.list_services(api.stack.platform, api.stack.actor)) == 2
        assert len((await cloned(api))["services"]) == 2

    async def test_one_whose_name_is_taken_or_none_is_refused(self, api: Api) -> None:
        assert (await api("POST", f"{ENVIRONMENT}/clone", json={"to": "production"})).status_code == 409
        assert (await api("POST", f"{ENVIRONMENT}/clone", json={"to": "No Name"})).status_code in (400, 422)
        assert (await api("POST", f"{STAGING}/clone", json={"to": "other"})).status_code == 404


async def limits(api: Api) -> tuple[int, float]:
    """Of the one instance there is."""
    [instance] = await api.stack.engine.instances()
    resources = api.stack.engine.workload(instance.name).resources
    return resources.memory, resources.cpus


async def live(api: Api, path: ServicePath = COPY) -> str:
    """Deploy it; its state, and its failure."""
    made = await deployments.deploy(api.stack.platform, api.stack.actor, path)
    await api.stack.work()
    ended = await history.get_deployment(api.stack.platform, api.stack.actor, made.id)
    state = await api.stack.deployment(made.id)
    assert ended is not None
    return state.state if state.failure is None else f"{state.state}: {state.failure.message}"
