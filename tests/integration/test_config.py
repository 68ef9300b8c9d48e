"""Config vars over the API: whose they are, what becomes of them, and how they came about."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.asgi import SERVICE, Api
from tests.support.variables import AWKWARD, NAMES, VALUES, Run, check_property

from shipway.operations.config_checks import MOST_OF_ALL, MOST_OF_ONE

ENVIRONMENT = SERVICE.rpartition("/services/")[0]
OURS = re.compile("SHIPWAY($|_)")
PARTS = ("config", "environment", "buildtime", "build_secrets")


async def change(api: Api, where: str, **body: object) -> dict[str, object]:
    answer = await api("PATCH", f"{where}/config", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def environment_of_the_newest(api: Api) -> dict[str, str]:
    """What the instance that was started last is given beside Shipway's own."""
    await api.deploy()
    await api.stack.work()
    started = [container.workload.environment for container in api.stack.engine._containers.values()]
    newest = max(started, key=lambda environment: int(environment["SHIPWAY_RELEASE"]))
    return {name: value for name, value in newest.items() if name != "PORT" and not OURS.match(name)}


async def test_an_environments_are_given_to_its_services_unless_one_has_its_own(api: Api) -> None:
    await change(api, ENVIRONMENT, set={"REGION": "eu", "LEVEL": "info"})
    changed = await change(api, SERVICE, set={"LEVEL": "debug", "OWN": "1"})

    assert changed["config"] == {"LEVEL": "debug", "OWN": "1", "REGION": "eu"}
    assert changed["environment"] == ["REGION"]
    assert await environment_of_the_newest(api) == changed["config"]
    assert (await api("GET", f"{ENVIRONMENT}/config")).json()["config"] == {"LEVEL": "info", "REGION": "eu"}


async def test_a_service_unsets_its_own_and_has_its_environments_again(api: Api) -> None:
    await change(api, ENVIRONMENT, set={"LEVEL": "info"})
    await change(api, SERVICE, set={"LEVEL": "debug"})

    assert (await change(api, SERVICE, unset=["LEVEL"]))["config"] == {"LEVEL": "info"}
    refused = await api("PATCH", f"{SERVICE}/config", json={"unset": ["LEVEL"]})
    assert (refused.status_code, "--environment" in refused.json()["hint"]) == (400, True)


async def test_an_environment_has_no_build_secrets(api: Api) -> None:
    refused = await api("PATCH", f"{ENVIRONMENT}/config", json={"build_secrets": {"A": "b"}})
    assert refused.status_code in {400, 422}


async def test_a_secret_is_no_build_argument(api: Api) -> None:
    assert (await api("PUT", f"{ENVIRONMENT}/secrets/TOKEN", json={"value": "s3cret-value"})).status_code == 200
    assert (await api("PATCH", f"{SERVICE}/secrets", json={"variables": {"TOKEN": "TOKEN"}})).status_code == 200
    refused = await api("PATCH", f"{SERVICE}/config", json={"buildtime": {"TOKEN": True}})
    assert (refused.status_code, "--build-secret" in refused.json()["hint"]) == (400, True)
    await change(api, SERVICE, set={"TOKEN": "a value"}, buildtime={"TOKEN": True})


async def test_every_change_is_listed_with_who_and_what_a_page_at_a_time(api: Api) -> None:
    await change(api, SERVICE, set={"A": "1"}, buildtime={"A": True}, build_secrets={"NPM": "s3cret-value"})
    await change(api, ENVIRONMENT, set={"B": "2"})
    await change(api, SERVICE, unset=["A", "NPM"])

    first = (await api("GET", f"{SERVICE}/config/changes", params={"limit": 3})).json()
    rest = (await api("GET", f"{SERVICE}/config/changes", params={"before": first["next_before"]})).json()
    told = [(each["kind"], each["change"], each["name"], each["value"]) for each in first["changes"] + rest["changes"]]
    assert told == [
        ("build-secret", "unset", "NPM", ""),
        ("variable", "unset", "A", ""),
        ("variable", "set", "B", "2"),
        ("build-secret", "set", "NPM", ""),
        ("variable", "set", "A", "1"),
    ]
    assert [each["origin"] for each in first["changes"]] == ["service", "service", "environment"]
    assert {each["actor"] for each in first["changes"]} == {"admin"}
    assert rest["changes"][-1]["buildtime"] and rest["next_before"] is None
    of_a = (await api("GET", f"{SERVICE}/config/changes", params={"name": "A"})).json()
    assert [each["change"] for each in of_a["changes"]] == ["unset", "set"]
    of_environment = (await api("GET", f"{ENVIRONMENT}/config/changes")).json()
    assert [each["name"] for each in of_environment["changes"]] == ["B"]


async def test_the_config_is_told_as_it_was_at_any_time(api: Api) -> None:
    await change(api, ENVIRONMENT, set={"B": "2"})
    then = await change(api, SERVICE, set={"A": "1"}, buildtime={"A": True}, build_secrets={"NPM": "s3cret-value"})
    moment = datetime.now(UTC).isoformat()
    await change(api, ENVIRONMENT, set={"B": "3"})
    await change(api, SERVICE, set={"A": "4"}, unset=["NPM"])

    told = (await api("GET", f"{SERVICE}/config", params={"at": moment})).json()
    assert {part: told[part] for part in PARTS} == {part: then[part] for part in PARTS}


async def test_a_time_before_all_and_a_time_without_a_zone_are_refused(api: Api) -> None:
    early = await api("GET", f"{SERVICE}/config", params={"at": "2020-01-01T00:00:00Z"})
    assert early.status_code == 404 and "was created at" in early.json()["detail"]
    assert (await api("GET", f"{SERVICE}/config", params={"at": "2020-01-01T00:00:00"})).status_code in {400, 422}


async def test_what_looks_like_a_credential_is_stored_and_warned_of(api: Api) -> None:
    answer = await change(api, SERVICE, set={"DB_PASSWORD": "hunter2-hunter2", "LEVEL": "info"})
    (warning,) = answer["warnings"]  # type: ignore[misc]
    assert warning["name"] == "DB_PASSWORD" and "shipway secrets set DB_PASSWORD" in warning["hint"]
    assert "hunter2" not in str(warning)
    assert (await change(api, SERVICE, set={"LEVEL": "debug"}))["warnings"] == []
    assert (await api("GET", f"{SERVICE}/config")).json()["warnings"] == [warning]


async def test_what_no_program_can_be_handed_is_refused_before_anything_is_stored(api: Api) -> None:
    fits = "ü" * ((MOST_OF_ONE - 3) // 2)
    assert (await change(api, SERVICE, set={"A": fits}))["config"] == {"A": fits}
    for body in (
        {"set": {"OTHER": "1", "A": f"{fits}ü"}},
        {"set": {f"A{number}": "x" * 100_000 for number in range(MOST_OF_ALL // 100_000 + 1)}},
    ):
        refused = await api("PATCH", f"{SERVICE}/config", json=body)
        assert refused.status_code == 400 and "/etc/config" in refused.json()["hint"], refused.text
        assert (await api("GET", f"{SERVICE}/config")).json()["config"] == {"A": fits}
    assert len((await api("GET", f"{SERVICE}/config/changes")).json()["changes"]) == 1


async def test_any_text_arrives_in_the_instance_as_it_was_set(api: Api) -> None:
    async def arrives(values: dict[str, str]) -> None:
        known = (await api("GET", f"{SERVICE}/config")).json()["config"]
        await change(api, SERVICE, unset=sorted(known.keys() - values.keys()), set=values)
        assert await environment_of_the_newest(api) == values

    def property_of(run: Run) -> Callable[[], None]:
        @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=6))
        def holds(values: dict[str, str]) -> None:
            run(arrives(values))

        return holds

    await check_property(property_of)


async def test_the_most_awkward_values_arrive(api: Api) -> None:
    await change(api, SERVICE, set=AWKWARD)
    assert await environment_of_the_newest(api) == AWKWARD


async def test_another_environments_are_not_given(api: Api) -> None:
    other = ENVIRONMENT.replace("production", "staging")
    await api("POST", ENVIRONMENT.rpartition("/")[0], json={"name": "staging"})
    await change(api, other, set={"ELSEWHERE": "1"})

    assert await environment_of_the_newest(api) == {}
