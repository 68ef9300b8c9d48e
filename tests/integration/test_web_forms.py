"""The buttons of the dashboard: what they do, and for whom only."""

import asyncio
from dataclasses import replace

from tests.support.pages import ORIGIN, Visitor, visitor
from tests.support.stack import PATH, REPOSITORY, Stack

from shipway.domain.deployment import Deployment
from shipway.operations.history import list_deployments
from shipway.web import forms
from shipway.web.sessions import COOKIE

SERVICE = f"/dashboard/{PATH}"


async def newest(stack: Stack) -> Deployment:
    return (await list_deployments(stack.platform, stack.actor, PATH))[0]


async def deployed(stack: Stack, times: int = 1) -> Deployment:
    for _ in range(times):
        made = await stack.deploy()
        await stack.work()
    return await stack.deployment(made.id)


async def test_deploy_again_deploys_the_source_and_shows_it(stack: Stack, admin: Visitor) -> None:
    await deployed(stack)
    answer = await admin.press(SERVICE, f"{SERVICE}/deploy")
    made = await newest(stack)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/dashboard/deployments/{made.id}")
    assert (made.number, made.action, made.trigger, made.actor) == (2, "deploy", "dashboard", "admin")


async def test_restart_starts_the_same_release_anew(stack: Stack, admin: Visitor) -> None:
    await deployed(stack)
    await admin.press(SERVICE, f"{SERVICE}/restart")
    await stack.work()
    made = await newest(stack)
    assert (made.action, made.state, made.release_number) == ("restart", "live", 1)


async def test_roll_back_makes_that_release_live(stack: Stack, admin: Visitor) -> None:
    await deployed(stack, times=2)
    await admin.press(SERVICE, f"{SERVICE}/rollback", version="1")
    await stack.work()
    made = await newest(stack)
    assert (made.action, made.state, made.release_number) == ("rollback", "live", 1)


async def test_rolling_back_to_nothing_says_so(stack: Stack, admin: Visitor) -> None:
    await deployed(stack, times=2)
    for version, status in (("7", 404), ("", 400), ("-1", 400), ("1e3", 400), ("9" * 40, 400)):
        answer = await admin.press(SERVICE, f"{SERVICE}/rollback", version=version)
        assert answer.status_code == status, version
    assert (await newest(stack)).number == 2


async def test_cancel_ends_a_deployment_that_waits(stack: Stack, admin: Visitor) -> None:
    made = await stack.deploy()
    page = f"/dashboard/deployments/{made.id}"
    assert (await admin.press(page, f"{page}/cancel")).headers["location"] == page
    assert (await stack.deployment(made.id)).state == "cancelled"
    assert "Cancelled before traffic moved" in await admin.text(page)


async def test_a_wish_to_cancel_is_shown_until_it_is_done(stack: Stack, admin: Visitor) -> None:
    stack.sources.add(REPOSITORY, "main", {"Dockerfile": "FROM base:1\nRUN sleep 30\n"})
    made = await stack.deploy()
    page = f"/dashboard/deployments/{made.id}"
    async with stack.working():
        while not stack.platform.logs.read(made.id, "build"):
            await asyncio.sleep(0.002)
        said = await admin.text(page)
        assert "api d1 Building" in said
        await admin.press(page, f"{page}/cancel")
        while (await stack.deployment(made.id)).state != "cancelled":
            await asyncio.sleep(0.002)
    assert "Cancelled" in await admin.text(page)
    assert f'action="{page}/cancel"' not in (await admin.get(page)).text


async def test_there_is_nothing_to_cancel_when_it_is_over(stack: Stack, admin: Visitor) -> None:
    made = await deployed(stack)
    page = f"/dashboard/deployments/{made.id}"
    assert "/cancel" not in (await admin.get(page)).text
    token = forms.token(admin.http.cookies[COOKIE])
    refused = await admin.post(f"{page}/cancel", csrf=token)
    assert refused.status_code == 409
    assert "nothing to cancel" in refused.text


async def test_a_failed_deployment_is_tried_again_as_it_was(stack: Stack, admin: Visitor) -> None:
    await deployed(stack)
    bad = stack.sources.add(REPOSITORY, "feature", {"Dockerfile": "FROM base:1\nRUN exit 3\n"})
    from shipway.domain.source import Revision

    failed = await stack.deploy(revision=Revision(ref="feature"))
    await stack.work()
    stack.sources.add(REPOSITORY, "feature", {"Dockerfile": "FROM base:1\nEXPOSE 8080\nCMD later\n"})
    page = f"/dashboard/deployments/{failed.id}"
    await admin.press(page, f"{page}/again")
    again = await newest(stack)
    assert (again.number, again.action, again.revision) == (3, "deploy", Revision(ref=bad))


async def test_a_cancelled_rollback_and_restart_are_tried_again_as_such(stack: Stack, admin: Visitor) -> None:
    await deployed(stack, times=2)
    for path, fields, action in (("rollback", {"version": "1"}, "rollback"), ("restart", {}, "restart")):
        await admin.press(SERVICE, f"{SERVICE}/{path}", **fields)
        page = f"/dashboard/deployments/{(await newest(stack)).id}"
        await admin.press(page, f"{page}/cancel")
        await admin.press(page, f"{page}/again")
        again = await newest(stack)
        assert (again.action, again.state) == (action, "queued")
        await stack.work()
    assert (await newest(stack)).release_number == 1


async def test_a_form_without_the_sessions_token_does_nothing(stack: Stack, admin: Visitor) -> None:
    await deployed(stack)
    for fields in ({"other": "1"}, {"csrf": ""}, {"csrf": forms.token("another session")}, {"csrf": "ü"}):
        assert (await admin.post(f"{SERVICE}/deploy", **fields)).status_code == 403
    assert (await newest(stack)).number == 1


FOREIGN: tuple[dict[str, str], ...] = (
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": ORIGIN, "sec-fetch-site": "cross-site"},
    {"origin": ORIGIN, "sec-fetch-site": "same-site"},
    {"origin": "https://evil.example", "sec-fetch-site": "same-origin"},
    {},
)


async def test_a_form_from_elsewhere_does_nothing_whatever_it_holds(stack: Stack, admin: Visitor) -> None:
    await deployed(stack)
    token = forms.token(admin.http.cookies[COOKIE])
    for said in FOREIGN:
        refused = await admin.http.post(f"{SERVICE}/deploy", data={"csrf": token}, headers=said)
        assert refused.status_code == 403, said
    assert (await newest(stack)).number == 1


async def test_a_browser_that_tells_only_its_fetch_site_is_believed(stack: Stack, admin: Visitor) -> None:
    await deployed(stack)
    token = forms.token(admin.http.cookies[COOKIE])
    sent = await admin.http.post(f"{SERVICE}/deploy", data={"csrf": token}, headers={"sec-fetch-site": "same-origin"})
    assert sent.status_code == 303


async def test_an_installation_behind_a_proxy_takes_forms_from_its_public_address(stack: Stack, admin: Visitor) -> None:
    await deployed(stack)
    token = forms.token(admin.http.cookies[COOKIE])
    public = "https://ship.example.com"
    assert (await admin.post(f"{SERVICE}/deploy", origin=public, csrf=token)).status_code == 403
    settings = replace(stack.platform.settings, public_url=public)
    async with visitor(replace(stack.platform, settings=settings)) as behind_a_proxy:
        behind_a_proxy.http.cookies.update(admin.http.cookies)
        assert (await behind_a_proxy.post(f"{SERVICE}/deploy", origin=public, csrf=token)).status_code == 303


async def test_only_small_forms_are_read(stack: Stack, admin: Visitor) -> None:
    huge = await admin.post(f"{SERVICE}/deploy", csrf="x" * 20_000)
    json = await admin.http.post(f"{SERVICE}/deploy", json={}, headers={"Origin": ORIGIN})
    assert (huge.status_code, json.status_code) == (400, 400)


async def test_another_tenant_can_press_none_of_the_buttons(stack: Stack) -> None:
    made = await deployed(stack, times=2)
    async with visitor(stack.platform) as someone:
        await someone.log_in_as("mallory")
        token = forms.token(someone.http.cookies[COOKIE])
        for path in (f"{SERVICE}/deploy", f"{SERVICE}/restart", f"{SERVICE}/rollback"):
            assert (await someone.post(path, csrf=token, version="1")).status_code == 404
        for path in ("cancel", "again"):
            assert (await someone.post(f"/dashboard/deployments/{made.id}/{path}", csrf=token)).status_code == 404
    assert (await newest(stack)).number == 2


def test_a_forms_token_gives_nothing_of_the_session_away() -> None:
    assert forms.token("a") != forms.token("b")
    assert "secret" not in forms.token("secret")
