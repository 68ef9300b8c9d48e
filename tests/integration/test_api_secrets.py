"""The API of secrets: values go in and never come out."""

from typing import Any

import pytest
from tests.support.asgi import SERVICE, Api

ENVIRONMENT = SERVICE.rpartition("/services/")[0]
SECRETS = f"{ENVIRONMENT}/secrets"
BINDINGS = f"{ENVIRONMENT}/bindings"


async def test_a_secret_is_set_listed_bound_revoked_and_deleted_and_never_shown(api: Api) -> None:
    said = [await api("PUT", f"{SECRETS}/DSN", json={"value": f"s3cret-{number}"}) for number in (1, 2)]
    assert [version["version"] for version in said[1].json()["versions"]] == [2, 1]

    said.append(await api("PATCH", f"{SERVICE}/secrets", json={"variables": {"URL": "DSN@1"}, "files": {"dsn": "DSN"}}))
    bound = {"variables": {"URL": "DSN@1"}, "files": {"dsn": "DSN"}}
    assert said[-1].json() == (await api("GET", f"{SERVICE}/secrets")).json() == bound

    said.append(await api("POST", f"{SECRETS}/DSN/versions/1/revoke"))
    revoked = said[-1].json()
    assert [bool(version["revoked_at"]) for version in revoked["versions"]] == [False, True]
    assert {(use["kind"], use["name"], use["reference"], use["release"]) for use in revoked["used_by"]} == {
        ("variable", "URL", "DSN@1", None),
        ("file", "dsn", "DSN", None),
    }
    said.append(await api("DELETE", f"{SECRETS}/DSN"))
    assert said[-1].status_code == 409 and "is used by the variable URL" in said[-1].json()["detail"]

    await api("PATCH", f"{SERVICE}/secrets", json={"variables": {"URL": None}, "files": {"dsn": None}})
    assert (await api("DELETE", f"{SECRETS}/DSN")).status_code == 204
    said.append(await api("GET", SECRETS))
    assert said[-1].json() == []
    assert not any("s3cret" in answer.text for answer in said)


async def test_an_environment_gives_a_secret_to_all_its_services(api: Api) -> None:
    await api("PUT", f"{SECRETS}/DSN", json={"value": "s3cret"})
    bound = {"variables": {"URL": "DSN@1"}, "files": {}}
    answers = [await api("PATCH", BINDINGS, json={"variables": bound["variables"]})]
    answers += [await api("GET", where) for where in (BINDINGS, f"{SERVICE}/secrets")]
    assert [answer.json() for answer in answers] == [bound] * 3
    for where in (SERVICE, ENVIRONMENT):
        known = (await api("GET", f"{where}/config")).json()
        assert (known["config"], known["secrets"], known["environment"]) == ({}, {"URL": "DSN@1"}, ["URL"])
    refused = await api("PATCH", BINDINGS, json={"variables": {"GOOD": "DSN", "BAD": "DSN@7"}})
    assert (refused.status_code, (await api("GET", BINDINGS)).json()) == (409, bound)
    assert (await api("PATCH", BINDINGS, json={"files": {"dsn": "DSN"}})).status_code in (400, 422)
    used = await api("DELETE", f"{SECRETS}/DSN")
    assert used.status_code == 409 and "the variable URL of acme/shop/production." in used.json()["detail"]
    assert (await api("PATCH", BINDINGS, json={"variables": {"URL": None}})).json()["variables"] == {}
    assert (await api("PATCH", BINDINGS, json={"variables": {"URL": None}})).status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        ({"variables": {"URL": "NONE"}}, 409, "NONE"),
        ({"variables": {"URL": "DSN@7"}}, 409, "version 7"),
        ({"variables": {"URL": "DSN@x"}}, 400, "DSN@x"),
        ({"variables": {"PORT": "DSN"}}, 400, "PORT"),
        ({"files": {"a/b": "DSN"}}, 400, "a/b"),
        ({"files": {"dsn": None}}, 404, "dsn"),
    ],
)
async def test_what_can_t_be_bound_is_refused_whole(api: Api, body: dict[str, Any], status: int, named: str) -> None:
    await api("PUT", f"{SECRETS}/DSN", json={"value": "s3cret"})
    good = {"variables": {"GOOD": "DSN"} | body.get("variables", {}), "files": body.get("files", {})}
    refused = await api("PATCH", f"{SERVICE}/secrets", json=good)
    assert (refused.status_code, named in refused.json()["detail"]) == (status, True), refused.text
    assert (await api("GET", f"{SERVICE}/secrets")).json() == {"variables": {}, "files": {}}


@pytest.mark.parametrize("value", ["", "a\0b", "x" * 70_000, "ö" * 40_000, 7, None])
async def test_what_can_t_be_a_value_is_refused_without_being_repeated(api: Api, value: object) -> None:
    refused = await api("PUT", f"{SECRETS}/DSN", json={"value": value})
    assert 400 <= refused.status_code < 500, refused.text
    assert "xxxxxxxx" not in refused.text and "öööö" not in refused.text


async def test_a_stranger_finds_none_of_it(api: Api) -> None:
    await api("PUT", f"{SECRETS}/DSN", json={"value": "s3cret"})
    stranger = await api.stranger()
    asked = [
        ("GET", SECRETS, None),
        ("PUT", f"{SECRETS}/DSN", {"value": "x"}),
        ("POST", f"{SECRETS}/DSN/versions/1/revoke", None),
        ("DELETE", f"{SECRETS}/DSN", None),
        ("GET", f"{SERVICE}/secrets", None),
        ("PATCH", f"{SERVICE}/secrets", {"variables": {"URL": "DSN"}}),
        ("GET", BINDINGS, None),
        ("PATCH", BINDINGS, {"variables": {"URL": "DSN"}}),
    ]
    answers = [await api(method, path, json=body, headers=stranger) for method, path, body in asked]
    assert [answer.status_code for answer in answers] == [404] * len(asked)
    assert (await api("POST", "/sealing-key/rotate", headers=stranger)).status_code == 403


async def test_the_key_is_rotated_by_an_administrator(api: Api) -> None:
    await api("PUT", f"{SECRETS}/DSN", json={"value": "s3cret"})
    await api("PATCH", f"{SERVICE}/config", json={"build_secrets": {"TOKEN": "s3cret-too"}})
    assert (await api("POST", "/sealing-key/rotate")).json() == {"sealed": 2}


async def test_a_release_that_looks_a_secret_up_says_that_it_is_not_reproducible(api: Api) -> None:
    await api("PUT", f"{SECRETS}/DSN", json={"value": "s3cret"})
    for reference in ("DSN", "DSN@latest"):
        await api("PATCH", f"{SERVICE}/secrets", json={"variables": {"URL": reference}})
        await api.deploy()
        await api.stack.work()
    releases = (await api("GET", f"{SERVICE}/releases")).json()
    assert [(each["number"], each["reproducible"]) for each in releases] == [(2, False), (1, True)]
    assert "s3cret" not in str(releases)
