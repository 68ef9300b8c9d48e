"""The dashboard in a real browser: log in, look around, follow a deployment live, cancel it, roll back."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import Browser, Route, expect
from tests.support.chromium import Tab, chromium, open_tab
from tests.support.stack import PATH, REPOSITORY, Stack, a_service, fake_stack

from shipway.bootstrap import build_app
from shipway.domain.names import ServicePath
from shipway.operations import accounts
from shipway.pipeline import topics

SLOW = {"Dockerfile": "FROM base:1\nRUN echo \x1b[31mhot\x1b[0m\nRUN sleep 120\n"}
PHONE = {"width": 360, "height": 740}
expect.set_options(timeout=15_000)


class Server:
    """Shipway's own app over loopback, that can be stopped and started again at the same address."""

    def __init__(self, stack: Stack) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        settings = replace(stack.platform.settings, listen_port=self._port)
        self.stack = replace(stack, platform=replace(stack.platform, settings=settings))
        self.url = settings.url

    async def start(self) -> None:
        config = uvicorn.Config(build_app(self.stack.platform), port=self._port, log_level="error", lifespan="off")
        self._server = uvicorn.Server(config)
        self._serving = asyncio.create_task(self._server.serve())
        while not self._server.started:
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """As the real one stops: whoever streams is told, and then waited for without a limit."""
        self._server.should_exit = True
        self.stack.platform.signals.notify(topics.CLOSING)
        await self._serving


@asynccontextmanager
async def running(stack: Stack) -> AsyncIterator[Server]:
    server = Server(stack)
    await server.start()
    try:
        async with server.stack.working():
            yield server
    finally:
        await server.stop()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with fake_stack(tmp_path) as stack, running(stack) as made:
        yield made


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as made:
        yield made


async def logged_in(server: Server, browser: Browser, **options: object) -> Tab:
    tab = await open_tab(browser, **options)
    await log_in(server, tab)
    return tab


async def log_in(server: Server, tab: Tab) -> None:
    await tab.page.goto(await accounts.one_time_link(server.stack.platform))
    await tab.page.get_by_role("button", name="Log in").click()
    await tab.page.wait_for_url(f"{server.url}/dashboard")


async def finished(server: Server) -> str:
    """A deployment that went live."""
    made = await server.stack.deploy()
    while not await server.stack.is_idle():
        await asyncio.sleep(0.005)
    return made.id


def write(server: Server, deployment_id: str, line: str) -> None:
    """As a step writes to its log."""
    server.stack.platform.logs.append(deployment_id, "build", line)
    server.stack.platform.signals.notify(deployment_id)


async def test_from_the_login_link_to_a_rollback(server: Server, browser: Browser) -> None:
    await finished(server)
    await finished(server)
    server.stack.sources.add(REPOSITORY, "main", SLOW)
    tab = await logged_in(server, browser)
    page = tab.page

    await page.get_by_role("link", name="api", exact=True).click()
    await expect(page.get_by_role("heading", name="api Running")).to_be_visible()
    await page.get_by_role("button", name="Deploy again").click()

    await expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"api d3\s+Building"))
    log = page.get_by_role("region", name="Log of build")
    await expect(log).to_contain_text("RUN sleep 120")
    write(server, page.url.rpartition("/")[2], "hello from just now")
    await expect(log).to_contain_text("hello from just now")
    await expect(page).to_have_title(re.compile("^Building d3"))

    await page.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Cancelled"))
    await expect(page.get_by_role("button", name="Try again")).to_be_visible()

    await page.get_by_role("link", name="api", exact=True).first.click()
    await page.get_by_role("button", name="Roll back to v1").click()
    await page.get_by_role("dialog").get_by_role("button", name="Roll back to v1").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("api d4"))
    await expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Live"))
    await expect(page.locator("[data-step=build]")).to_have_attribute("data-state", "skipped")

    await page.get_by_role("button", name="Log out").click()
    await expect(page.get_by_text("shipway login-link")).to_be_visible()
    assert tab.complaints == []


async def test_a_step_opens_while_it_runs_and_closes_when_it_went_well(server: Server, browser: Browser) -> None:
    server.stack.sources.add(REPOSITORY, "main", {"Dockerfile": "FROM base:1\nEXPOSE 8080\nRUN sleep 1\nCMD a\n"})
    tab = await logged_in(server, browser)
    made = await server.stack.deploy()
    await tab.page.goto(f"{server.url}/dashboard/deployments/{made.id}")
    build = tab.page.locator("[data-step=build]")
    await expect(build).to_have_attribute("open", "")
    await expect(tab.page.get_by_role("heading", level=1)).to_have_text(re.compile("Live"))
    await expect(build).not_to_have_attribute("open", "")
    await expect(tab.page.locator("#announce")).to_contain_text("finalize: complete")
    await tab.page.locator("#step-build").press("Enter")
    await expect(tab.page.get_by_role("region", name="Log of build")).to_contain_text("RUN sleep 1")
    assert tab.complaints == []


async def test_a_failure_says_why_and_shows_the_log_of_its_step(server: Server, browser: Browser) -> None:
    server.stack.sources.add(REPOSITORY, "main", {"Dockerfile": "FROM base:1\nRUN echo about to break\nRUN exit 3\n"})
    tab = await logged_in(server, browser)
    made = await server.stack.deploy()
    await tab.page.goto(f"{server.url}/dashboard/deployments/{made.id}")
    await expect(tab.page.get_by_text("What to do:")).to_be_visible()
    await expect(tab.page.get_by_role("region", name="Log of build")).to_contain_text("about to break")
    await expect(tab.page.locator("[data-step=abandon]")).to_be_visible()
    await expect(tab.page.locator("#step-route")).to_contain_text("not reached")
    assert tab.complaints == []


async def test_whatever_an_app_writes_is_text_with_colours(server: Server, browser: Browser) -> None:
    known = await finished(server)
    for line in (
        "\x1b[1;31mred and bold\x1b[0m plain <img src=x onerror=alert(1)>",
        "10%\r50%\r100%",
        "title \x1b]0;owned\x07gone \x1b[2K\x1b[38;5;196mnot a colour of ours\x1b[0m",
        "-----> A banner",
    ):
        write(server, known, line)
    tab = await logged_in(server, browser)
    await tab.page.goto(f"{server.url}/dashboard/deployments/{known}")
    await tab.page.locator("#step-build").click()
    log = tab.page.get_by_role("region", name="Log of build")
    await expect(log.locator(".bold.red")).to_have_text("red and bold")
    await expect(log.locator(".banner").last).to_have_text(re.compile("A banner"))
    text = await log.inner_text()
    assert "plain <img src=x onerror=alert(1)>\n100%\ntitle gone not a colour of ours\n" in text
    assert await log.locator("img").count() == 0
    assert tab.complaints == []


async def test_the_log_follows_until_its_reader_scrolls_up(server: Server, browser: Browser) -> None:
    server.stack.sources.add(REPOSITORY, "main", SLOW)
    tab = await logged_in(server, browser)
    made = await server.stack.deploy()
    await tab.page.goto(f"{server.url}/dashboard/deployments/{made.id}")
    log = tab.page.get_by_role("region", name="Log of build")
    below = "pane => pane.scrollHeight - pane.scrollTop - pane.clientHeight"
    write(server, made.id, "\n".join(f"line {n}" for n in range(200)))
    await expect(log).to_contain_text("line 199")
    assert await log.evaluate(below) < 5

    await log.hover()
    await tab.page.mouse.wheel(0, -1000)
    to_the_end = tab.page.get_by_role("button", name="To the end")
    await expect(to_the_end).to_be_visible()
    reading = await log.evaluate("pane => pane.scrollTop")
    write(server, made.id, "line 200")
    await expect(log).to_contain_text("line 200")
    assert await log.evaluate("pane => pane.scrollTop") == reading

    await to_the_end.click()
    await expect(to_the_end).to_be_hidden()
    write(server, made.id, "line 201")
    await expect(log).to_contain_text("line 201")
    assert await log.evaluate(below) < 5


@pytest.mark.parametrize("meanwhile", ["nothing", "a proxy's error"])
async def test_an_open_page_neither_keeps_the_server_from_stopping_nor_loses_a_line(
    server: Server, browser: Browser, meanwhile: str
) -> None:
    server.stack.sources.add(REPOSITORY, "main", SLOW)
    tab = await logged_in(server, browser)
    made = await server.stack.deploy()
    await tab.page.goto(f"{server.url}/dashboard/deployments/{made.id}")
    log = tab.page.get_by_role("region", name="Log of build")
    write(server, made.id, "before the restart")
    await expect(log).to_contain_text("before the restart")

    answered = asyncio.Event()
    if meanwhile != "nothing":
        await tab.page.route("**/events*", partial(bad_gateway, answered))
    async with asyncio.timeout(10):
        await server.stop()
    await expect(tab.page.get_by_text("Connection lost")).to_be_visible()
    write(server, made.id, "during the restart")
    if meanwhile != "nothing":
        await answered.wait()
        await tab.page.unroute("**/events*")
    await server.start()

    await expect(log).to_contain_text("during the restart")
    await expect(tab.page.get_by_text("Connection lost")).to_be_hidden()
    assert (await log.inner_text()).count("before the restart") == 1


async def bad_gateway(answered: asyncio.Event, route: Route) -> None:
    """What makes a browser give an event source up for good."""
    await route.fulfill(status=502)
    answered.set()


async def test_lists_stay_fresh_by_themselves(server: Server, browser: Browser) -> None:
    await finished(server)
    tab = await open_tab(browser)
    await tab.page.clock.install()
    await log_in(server, tab)
    service = tab.page.get_by_role("listitem").filter(has=tab.page.get_by_role("link", name="api", exact=True))
    await expect(service).to_contain_text("Running")
    await service.get_by_role("link", name="api", exact=True).focus()

    server.stack.sources.add(REPOSITORY, "main", SLOW)
    await server.stack.deploy()
    await tab.page.clock.fast_forward(11_000)
    await expect(service).to_contain_text("Deploying")
    await expect(tab.page.locator("#announce")).to_contain_text(f"{PATH}: Deploying")
    await expect(service.get_by_role("link", name="api", exact=True)).to_be_focused()
    assert tab.complaints == []


async def test_the_first_service_takes_the_place_of_the_instructions(tmp_path: Path, browser: Browser) -> None:
    async with fake_stack(tmp_path, service=False) as stack, running(stack) as server:
        tab = await open_tab(browser)
        await tab.page.clock.install()
        await log_in(server, tab)
        await expect(tab.page.get_by_role("heading", name="Deploy your first app")).to_be_visible()
        await a_service(stack)
        await tab.page.clock.fast_forward(11_000)
        await expect(tab.page.get_by_role("link", name="api", exact=True)).to_be_visible()
        assert tab.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_phone_shows_every_page_without_scrolling_sideways(
    server: Server, browser: Browser, scheme: str
) -> None:
    known = await finished(server)
    await a_service(server.stack, ServicePath("acme", "shop", "staging", "a-service-with-quite-a-long-name"))
    write(server, known, "x" * 500)
    tab = await logged_in(server, browser, viewport=PHONE, color_scheme=scheme)
    for path in ("/login", "/dashboard", f"/dashboard/{PATH}?config=shown", f"/dashboard/deployments/{known}"):
        await tab.page.goto(server.url + path)
        width = await tab.page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], path
    await tab.page.locator("#step-build").click()
    await expect(tab.page.get_by_role("region", name="Log of build")).to_contain_text("xxx")
    assert await tab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert tab.complaints == []


async def test_everything_that_can_be_pressed_is_reached_by_keyboard_and_named(
    server: Server, browser: Browser
) -> None:
    known = await finished(server)
    tab = await logged_in(server, browser)
    for path in ("/dashboard", f"/dashboard/{PATH}", f"/dashboard/deployments/{known}"):
        await tab.page.goto(server.url + path)
        await tab.page.keyboard.press("Tab")
        assert await tab.page.evaluate("document.activeElement.textContent") == "Skip to the content"
        unnamed = await tab.page.evaluate(
            """[...document.querySelectorAll('a[href], button, summary, [tabindex="0"]')]
               .filter(each => !(each.ariaLabel || each.textContent.trim())).map(each => each.outerHTML)"""
        )
        assert unnamed == [], path
        levels = await tab.page.evaluate("[...document.querySelectorAll('h1, h2, h3')].map(each => +each.tagName[1])")
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels)), path
        ids = await tab.page.evaluate("[...document.querySelectorAll('[id]')].map(each => each.id)")
        assert len(ids) == len(set(ids)), path
