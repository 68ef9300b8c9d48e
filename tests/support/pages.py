"""The dashboard for tests without a browser: a client that behaves like one towards pages, cookies and forms."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape

import httpx2
from fastapi import FastAPI

from shipway.domain.user import User
from shipway.operations import accounts
from shipway.pipeline.platform import Platform
from shipway.store import users
from shipway.web.app import STATIC, create_router, static_app
from shipway.web.sessions import COOKIE

ORIGIN = "http://shipway.test"


def dashboard_app(platform: Platform) -> FastAPI:
    """The dashboard alone, as `bootstrap` puts it beside the API."""
    app = FastAPI()
    app.include_router(create_router(platform))
    app.mount(STATIC, static_app())
    return app


@dataclass(frozen=True)
class Visitor:
    """Someone with a browser. It never follows redirects by itself."""

    http: httpx2.AsyncClient
    platform: Platform

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        """Open a page."""
        return await self.http.get(path, headers=headers)

    async def text(self, path: str) -> str:
        """What a page that opens well says, without its markup."""
        page = await self.get(path)
        assert page.status_code == 200, page.text
        return readable(page.text)

    async def post(self, path: str, origin: str = ORIGIN, **fields: str) -> httpx2.Response:
        """Send a form as it is, with nothing that a page of ours would add."""
        return await self.http.post(path, data=fields, headers={"Origin": origin} if origin else {})

    async def press(self, page: str, path: str, **fields: str) -> httpx2.Response:
        """Send the form of `page` that leads to `path`, with its hidden fields."""
        known = (await self.get(page)).text
        form = re.search(rf'<form method="post" action="{re.escape(path)}".*?</form>', known, re.DOTALL)
        assert form, f"{page} has no form to {path}"
        hidden = dict(re.findall(r'<input type="hidden" name="(.*?)" value="(.*?)">', form[0]))
        return await self.post(path, **(hidden | fields))

    async def log_in(self) -> None:
        """As the administrator."""
        link = await accounts.one_time_link(self.platform)
        answer = await self.post("/login", link=link.partition("link=")[2])
        assert answer.headers["location"] == "/dashboard"

    async def log_in_as(self, name: str) -> User:
        """As a user who is no administrator and belongs to no workspace."""
        async with self.platform.database.write() as tx:
            user = await users.ensure(tx, name, admin=False)
        secret = await accounts._issue(self.platform, user, "session", label="test", life=accounts.SESSION_LIFE)
        self.http.cookies.set(COOKIE, secret, domain="shipway.test")
        return user


@asynccontextmanager
async def visitor(platform: Platform) -> AsyncIterator[Visitor]:
    """Someone who has not logged in."""
    transport = httpx2.ASGITransport(dashboard_app(platform))
    async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN) as http:
        yield Visitor(http, platform)


def readable(html: str) -> str:
    """The words of a page, with single spaces between them."""
    body = re.sub(r"<(script|style)\b.*?</\1>", "", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())
