"""Getting into the dashboard, and out."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.pages import Visitor, visitor
from tests.support.stack import fake_platform

from shipway.operations import accounts
from shipway.web.app import PAGES
from shipway.web.sessions import COOKIE

NOT_SIGNED_IN = "shipway login-link"


@pytest.fixture
async def stranger(tmp_path: Path) -> AsyncIterator[Visitor]:
    """Someone with a browser and no session."""
    platform = await fake_platform(tmp_path)
    async with visitor(platform) as someone:
        yield someone
    await platform.database.close()


async def secret_of_a_link(someone: Visitor) -> str:
    return (await accounts.one_time_link(someone.platform)).partition("link=")[2]


async def test_looking_at_a_link_does_not_use_it_up(stranger: Visitor) -> None:
    secret = await secret_of_a_link(stranger)
    for _ in range(3):
        assert "Log in" in await stranger.text(f"/login?link={secret}")
    assert (await stranger.press(f"/login?link={secret}", "/login")).headers["location"] == "/dashboard"
    assert (await stranger.get("/dashboard")).status_code == 200


async def test_a_link_logs_in_once(stranger: Visitor) -> None:
    secret = await secret_of_a_link(stranger)
    await stranger.post("/login", link=secret)
    stranger.http.cookies.clear()
    again = await stranger.post("/login", link=secret)
    assert again.status_code == 401
    assert "used already or is too old" in again.text
    assert NOT_SIGNED_IN in again.text
    assert (await stranger.get("/dashboard")).status_code == 303


async def test_a_link_that_never_was_says_what_to_do(stranger: Visitor) -> None:
    refused = await stranger.post("/login", link="guessed")
    assert (refused.status_code, NOT_SIGNED_IN in refused.text) == (401, True)


async def test_the_session_is_out_of_reach_for_scripts_and_other_sites(stranger: Visitor) -> None:
    answer = await stranger.post("/login", link=await secret_of_a_link(stranger))
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith(COOKIE)
    assert {"httponly", "samesite=lax", "path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "secure" not in cookie


async def test_the_session_of_an_https_installation_travels_by_https_alone(stranger: Visitor) -> None:
    settings = replace(stranger.platform.settings, public_url="https://ship.example.com")
    async with visitor(replace(stranger.platform, settings=settings)) as someone:
        answer = await someone.post("/login", link=await secret_of_a_link(someone))
    assert "secure" in answer.headers["set-cookie"].lower()


async def test_another_sites_form_can_not_log_anybody_in(stranger: Visitor) -> None:
    secret = await secret_of_a_link(stranger)
    assert (await stranger.post("/login", origin="https://evil.example", link=secret)).status_code == 403
    assert (await stranger.post("/login", link=secret)).status_code == 303, "it is still good"


async def test_without_a_session_every_page_leads_to_the_login(stranger: Visitor) -> None:
    for method, path, _ in PAGES:
        answer = await stranger.http.request(method, path.replace("{", "").replace("}", "").replace(":path", ""))
        assert (answer.status_code, answer.headers["location"]) == (303, "/login"), path
    assert NOT_SIGNED_IN in await stranger.text("/login")


async def test_a_session_that_is_no_more_is_taken_from_the_browser(stranger: Visitor) -> None:
    stranger.http.cookies.set(COOKIE, "stale", domain="shipway.test")
    answer = await stranger.get("/dashboard")
    assert 'shipway_session=""' in answer.headers["set-cookie"]


async def test_the_root_leads_to_the_dashboard(stranger: Visitor) -> None:
    assert (await stranger.get("/")).headers["location"] == "/dashboard"


async def test_logging_out_ends_the_session_on_the_server_too(stranger: Visitor) -> None:
    await stranger.log_in()
    stolen = stranger.http.cookies[COOKIE]
    assert (await stranger.press("/dashboard", "/logout")).headers["location"] == "/login"
    assert COOKIE not in stranger.http.cookies
    stranger.http.cookies.set(COOKIE, stolen, domain="shipway.test")
    assert (await stranger.get("/dashboard")).status_code == 303
