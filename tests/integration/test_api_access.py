"""Who gets in, and who is taken for somebody else."""

import pytest
from tests.support.asgi import SERVICE, Api, bearer

from shipway.api.guards import SESSION_COOKIE


async def test_what_needs_no_token_is_open_to_all_or_has_a_secret_of_its_own(api: Api) -> None:
    api.client.headers.pop("Authorization")
    open_to_all = {"/healthz", "/openapi.json", "/registry/token"}
    # Who does not know these does not get further: there is no such webhook, and no such deploy URL.
    open_to_all |= {"/hooks/{webhook}", "/deploy/{token}"}
    for path, methods in api.app.openapi()["paths"].items():
        for method in methods:
            answer = await api(method.upper(), path.replace("{", "").replace("}", ""))
            assert (answer.status_code == 401) == (path not in open_to_all), (method, path)
    assert (await api("GET", "/openapi.json")).status_code == 200


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer ", "Basic YTpi", "nonsense"])
async def test_a_wrong_token_is_a_problem_that_says_what_to_do(api: Api, header: str) -> None:
    answer = await api("GET", "/whoami", headers={"Authorization": header})

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "unauthenticated"
    assert "shipway login" in answer.json()["hint"]


async def test_what_is_another_workspaces_does_not_exist(api: Api) -> None:
    deployment = (await api.deploy())["id"]
    theirs = await api.stranger()
    everything = [
        SERVICE,
        f"{SERVICE}/config",
        f"{SERVICE}/config?at=2026-11-21T12:00:00Z",
        f"{SERVICE}/config/changes",
        "/workspaces/acme/projects/shop/environments/production/config",
        "/workspaces/acme/projects/shop/environments/production/config?at=2026-11-21T12:00:00Z",
        "/workspaces/acme/projects/shop/environments/production/config/changes",
        f"{SERVICE}/logs",
        f"{SERVICE}/deployments",
        f"{SERVICE}/releases",
        "/workspaces/acme/projects",
        "/workspaces/acme/projects/shop/environments/production/services",
        "/workspaces/acme/projects/shop/pipeline/status?service=api&env=production",
        f"/deployments/{deployment}",
        f"/deployments/{deployment}/events",
        f"/deployments/{deployment}/steps/build/log",
    ]

    for path in everything:
        assert (await api("GET", path, headers=theirs)).status_code == 404, path
    assert (await api("POST", f"/deployments/{deployment}/cancel", headers=theirs)).status_code == 404
    assert (await api("GET", "/services", headers=theirs)).json() == []
    assert (await api("GET", "/workspaces", headers=theirs)).json() == []


async def test_only_an_administrator_makes_workspaces(api: Api) -> None:
    answer = await api("POST", "/workspaces", json={"name": "theirs"}, headers=await api.stranger())

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_revoked_token_is_worthless_at_once(api: Api) -> None:
    token = (await api("POST", "/tokens", json={"label": "laptop", "days": 1})).json()["token"]
    assert (await api("GET", "/whoami", headers=bearer(token))).json()["name"] == "admin"
    known = (await api("GET", "/tokens")).json()
    identifier = next(each["id"] for each in known if each["label"] == "laptop")

    assert (await api("DELETE", f"/tokens/{identifier}")).status_code == 204

    assert (await api("GET", "/whoami", headers=bearer(token))).status_code == 401


async def test_the_command_line_is_named_as_the_trigger_and_nobody_else_can_make_one_up(api: Api) -> None:
    for door, trigger in (("cli", "cli"), ("github", "api"), ("", "api")):
        api.client.headers["X-Shipway-Door"] = door
        assert (await api.deploy())["trigger"] == trigger


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Origin": "http://shipway.test"}, 201),
        ({"Origin": "http://127.0.0.1:7700"}, 201),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "http://evil.test"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://shipway.test.evil.test"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://shipway.test"}, 403),
        ({}, 403),
    ],
)
async def test_a_session_changes_things_only_from_shipways_own_pages(
    api: Api, headers: dict[str, str], status: int
) -> None:
    api.client.headers.pop("Authorization")
    cookie = {"Cookie": f"{SESSION_COOKIE}={await api.session()}"}

    answer = await api("POST", "/workspaces", json={"name": "made"}, headers=headers | cookie)

    assert answer.status_code == status
    made = [each["name"] for each in (await api("GET", "/workspaces", headers=cookie)).json()]
    assert ("made" in made) == (status == 201)


async def test_a_session_reads_and_is_known_as_the_dashboard(api: Api) -> None:
    api.client.headers.pop("Authorization")
    api.client.headers.update({"Cookie": f"{SESSION_COOKIE}={await api.session()}", "Sec-Fetch-Site": "same-origin"})

    assert (await api("GET", "/whoami")).status_code == 200
    assert (await api.deploy())["trigger"] == "dashboard"


async def test_a_session_is_no_token_and_a_token_no_session(api: Api) -> None:
    session = await api.session()
    api.client.headers.pop("Authorization")

    assert (await api("GET", "/whoami", headers=bearer(session))).status_code == 401
    assert (await api("GET", "/whoami", headers={"Cookie": f"{SESSION_COOKIE}={api.token}"})).status_code == 401


async def test_every_answer_carries_the_headers_that_protect_a_browser(api: Api) -> None:
    for path in ("/healthz", "/nowhere", "/services"):
        headers = (await api("GET", path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
