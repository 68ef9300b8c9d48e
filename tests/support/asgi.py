"""The API in this very event loop, without a socket, on fakes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI
from tests.support.stack import PATH, Stack, fake_stack

from shipway.api.app import create_app
from shipway.operations import accounts
from shipway.pipeline.platform import Platform
from shipway.store import users

SERVICE = (
    f"/workspaces/{PATH.workspace}/projects/{PATH.project}/environments/{PATH.environment}/services/{PATH.service}"
)
PIPELINE = f"/workspaces/{PATH.workspace}/projects/{PATH.project}/pipeline"
AIM = {"service": PATH.service, "env": PATH.environment}


@dataclass(frozen=True)
class Api:
    """The API, asked as the administrator unless told otherwise."""

    stack: Stack
    app: FastAPI
    client: httpx2.AsyncClient
    token: str

    async def __call__(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Ask."""
        return await self.client.request(method, path, **options)

    async def deploy(self, **body: str) -> Any:
        """Ask for a deployment of the one service."""
        answer = await self("POST", f"{PIPELINE}/deploy", params=AIM, json=body)
        assert answer.status_code == 202, answer.text
        return answer.json()

    async def stranger(self, name: str = "stranger") -> dict[str, str]:
        """Headers of a user who belongs to no workspace."""
        async with self.stack.platform.database.write() as tx:
            user = await users.ensure(tx, name, admin=False)
        actor = replace(self.stack.actor, user=user)
        return bearer(await accounts.create_token(self.stack.platform, actor, "theirs", days=None))

    async def session(self) -> str:
        """A browser's session of the administrator."""
        link = await accounts.one_time_link(self.stack.platform)
        return await accounts.redeem_link(self.stack.platform, link.partition("link=")[2])


@asynccontextmanager
async def api_over(stack: Stack, platform: Platform | None = None) -> AsyncIterator[Api]:
    """The API over a stack, or over another platform of it."""
    app = create_app(platform or stack.platform)
    token = await accounts.administrator_token(stack.platform, "tests")
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://shipway.test", headers=bearer(token)) as client:
        yield Api(stack, app, client, token)


@asynccontextmanager
async def an_api(directory: Path, **options: Any) -> AsyncIterator[Api]:
    """The API over a fresh stack with one service."""
    async with fake_stack(directory, **options) as stack, api_over(stack) as api:
        yield api


def bearer(token: str) -> dict[str, str]:
    """The header that a token is sent in."""
    return {"Authorization": f"Bearer {token}"}
