"""Debian's Chromium, driven by Playwright, and whatever it has to complain about."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

EXECUTABLE = "/usr/bin/chromium"
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True)
class Tab:
    """A tab, and what its console said in anger: script errors, refused resources, violations of the policy."""

    page: Page
    complaints: list[str] = field(default_factory=list)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser with a fresh profile."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=EXECUTABLE, args=list(_QUIET), headless=True)
        try:
            yield browser
        finally:
            await browser.close()


async def open_tab(browser: Browser, **options: Any) -> Tab:
    """A tab without cookies of others; `options` as for a Playwright context: viewport, color_scheme, …"""
    tab = Tab(await (await browser.new_context(**options)).new_page())

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            tab.complaints.append(message.text)

    tab.page.on("console", heard)
    tab.page.on("pageerror", lambda error: tab.complaints.append(str(error)))
    return tab
