"""Maintenance and pause as users set them: by command, API and page, and what they come to."""

import asyncio

import pytest
from tests.support.asgi import SERVICE, Api
from tests.support.pages import Visitor
from tests.support.stack import PATH, Stack
from tests.support.terminal import Terminal

from shipway.domain.errors import NotFound, Unavailable
from shipway.domain.names import ServicePath
from shipway.domain.service import TrafficMode
from shipway.operations.traffic import set_traffic
from shipway.store import services

HOST = "api-production-shop.localhost"
PAGE = f"/dashboard/{PATH}"


@pytest.fixture
async def stack(api: Api) -> Stack:
    """With a live deployment."""
    await api.stack.deploy()
    await api.stack.work()
    return api.stack


async def set_mode(stack: Stack, mode: TrafficMode) -> None:
    await set_traffic(stack.platform, stack.actor, PATH, mode)


async def mode_of(stack: Stack) -> TrafficMode:
    async with stack.database.read() as tx:
        return (await services.listed(tx))[0].traffic


async def test_maintenance_keeps_requests_away_until_it_is_over(stack: Stack) -> None:
    assert await stack.router.request(HOST)
    await set_mode(stack, "maintenance")
    assert await stack.router.request(HOST) is None
    await set_mode(stack, "open")
    assert await stack.router.request(HOST)


async def test_maintenance_survives_a_deployment_and_a_restart_of_shipway(stack: Stack) -> None:
    await set_mode(stack, "maintenance")
    made = await stack.deploy()
    await stack.work()
    assert (await stack.deployment(made.id)).state == "live"
    assert await stack.router.request(HOST) is None
    again = await stack.restarted()
    await again.platform.routes.reconcile()
    assert await again.router.request(HOST) is None
    await again.database.close()


async def test_requests_that_a_pause_holds_go_to_what_was_deployed_meanwhile(stack: Stack) -> None:
    await set_mode(stack, "paused")
    request = asyncio.create_task(stack.router.request(HOST))
    while not stack.router.waiting:
        await asyncio.sleep(0)
    made = await stack.deploy()
    await stack.work()
    assert not request.done()
    await set_mode(stack, "open")
    assert await request == stack.router.table.sets[made.id][0].name


async def test_what_is_in_flight_goes_on(stack: Stack) -> None:
    held = stack.router.hold(HOST)
    await set_mode(stack, "maintenance")
    assert await held.finish()


async def test_a_proxy_that_is_away_is_told_and_follows_when_it_is_back(stack: Stack) -> None:
    stack.router.available = False
    with pytest.raises(Unavailable):
        await set_mode(stack, "maintenance")
    stack.router.available = True
    await stack.platform.routes.reconcile()
    assert await stack.router.request(HOST) is None


async def test_another_tenants_service_can_not_be_closed(api: Api, stack: Stack) -> None:
    answer = await api("PUT", f"{SERVICE}/traffic", json={"mode": "maintenance"}, headers=await api.stranger())
    assert answer.status_code == 404
    assert await mode_of(stack) == "open"
    with pytest.raises(NotFound):
        await set_traffic(stack.platform, stack.actor, ServicePath("acme", "shop", "staging", "api"), "paused")


async def test_the_api_sets_it_and_says_it(api: Api, stack: Stack) -> None:
    assert (await api("GET", SERVICE)).json()["traffic"] == "open"
    answer = await api("PUT", f"{SERVICE}/traffic", json={"mode": "paused"})
    assert (answer.status_code, answer.json()) == (200, {"mode": "paused"})
    assert (await api("GET", SERVICE)).json()["traffic"] == "paused"
    assert (await api("GET", "/services")).json()[0]["traffic"] == "paused"


@pytest.mark.parametrize("body", [{"mode": "closed"}, {}, {"mode": "open", "until": "tomorrow"}])
async def test_the_api_refuses_what_is_no_mode(api: Api, stack: Stack, body: dict[str, str]) -> None:
    answer = await api("PUT", f"{SERVICE}/traffic", json=body)
    assert answer.status_code == 400
    assert await mode_of(stack) == "open"


async def test_the_page_has_a_button_for_each_and_says_how_it_is(stack: Stack, admin: Visitor) -> None:
    assert "Requests reach the instances." in await admin.text(PAGE)
    answer = await admin.press(PAGE, f"{PAGE}/traffic")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}#traffic")
    assert await mode_of(stack) == "maintenance", "the first button there is"
    closed = await admin.text(PAGE)
    assert "Under maintenance" in closed
    assert f"shipway resume {PATH}" in closed
    await admin.press(PAGE, f"{PAGE}/traffic", mode="paused")
    assert "Paused" in await admin.text(PAGE)
    await admin.press(PAGE, f"{PAGE}/traffic", mode="open")
    opened = await admin.text(PAGE)
    assert f"shipway maintenance on {PATH}" in opened
    assert f"shipway pause {PATH}" in opened


async def test_a_form_that_is_not_of_the_page_is_refused(stack: Stack, admin: Visitor) -> None:
    assert (await admin.press(PAGE, f"{PAGE}/traffic", mode="closed")).status_code == 400
    assert (await admin.post(f"{PAGE}/traffic", mode="paused")).status_code == 403
    assert await mode_of(stack) == "open"


@pytest.mark.parametrize(
    ("words", "mode", "told"),
    [
        (("maintenance", "on"), "maintenance", "503 and a page"),
        (("maintenance", "off"), "open", "is open"),
        (("pause",), "paused", "`shipway resume` lets them go on"),
        (("resume",), "open", "is open"),
    ],
)
def test_the_command_line_sets_it(terminal: Terminal, words: tuple[str, ...], mode: str, told: str) -> None:
    assert told in terminal.ok(*words, str(PATH))
    assert terminal.shipway(*words, str(PATH), "--json").json == {"mode": mode}
    assert terminal.shipway("status", str(PATH), "--json").json["service"]["traffic"] == mode


def test_the_status_says_so_plainly(terminal: Terminal) -> None:
    terminal.ok("pause", str(PATH))
    assert "paused: requests wait" in terminal.ok("status", str(PATH))
    terminal.ok("maintenance", "on", str(PATH))
    assert "under maintenance" in terminal.ok("status", str(PATH))
    terminal.ok("resume", str(PATH))
    assert "Traffic" not in terminal.ok("status", str(PATH))


def test_maintenance_needs_on_or_off(terminal: Terminal) -> None:
    assert terminal.shipway("maintenance", str(PATH)).code == 2
