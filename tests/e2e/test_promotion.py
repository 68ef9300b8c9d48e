"""A blue-green deployment in a real browser: it gets ready before one's eyes, and is promoted with a button."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect
from tests.e2e.test_dashboard import PHONE, finished, logged_in, running
from tests.support.chromium import chromium
from tests.support.stack import PATH, fake_stack

from shipway.operations import services


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_is_watched_getting_ready_and_promoted_on_a_phone(tmp_path: Path, scheme: str) -> None:
    async with fake_stack(tmp_path) as stack, running(stack) as server, chromium() as browser:
        await finished(server)
        manual = {"strategy": {"type": "bluegreen", "promote": "manual"}}
        await services.change_service(server.stack.platform, server.stack.actor, PATH, settings=manual)
        tab = await logged_in(server, browser, viewport=PHONE, color_scheme=scheme)
        page = tab.page
        made = await server.stack.deploy()
        await page.goto(f"{server.url}/dashboard/deployments/{made.id}")
        await expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"api d2\s+Ready"))
        await expect(page.locator("[data-step=promotion]")).to_be_visible()
        await expect(page.get_by_role("heading", name="Plan: v2 instead of v1, no interruption")).to_be_visible()
        commands = page.get_by_label("Commands that promote or cancel it")
        await expect(commands).to_contain_text(f"shipway promote {PATH}")
        await expect(page.get_by_role("button", name="Copy")).to_have_count(1)
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

        await page.get_by_role("button", name="Promote").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Live"))
        await expect(page.get_by_role("button", name="Promote")).to_have_count(0)
        await expect(commands).to_have_count(0)
        assert tab.complaints == []
