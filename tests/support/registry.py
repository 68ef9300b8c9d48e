"""A registry to test against: its token service on loopback, and an image small enough to push often."""

import asyncio
import base64
import hashlib
import io
import json
import socket
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiodocker
import uvicorn
from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse, Response

from shipway.domain.errors import Unauthenticated
from shipway.registry.scopes import Allowed
from shipway.registry.tokens import Tokens


def free_port() -> int:
    """A loopback port that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


class TokenService:
    """The route that the API will have, alone: `GET /registry/token` with basic authentication."""

    def __init__(self) -> None:
        self.port = free_port()
        self.tokens: Tokens | None = None
        #: Passwords of users, and the workspace each may use.
        self.users: dict[str, str] = {}
        #: Raw query strings of the requests, in order.
        self.asked: list[str] = []

    @property
    def realm(self) -> str:
        """Where clients ask for tokens."""
        return f"http://127.0.0.1:{self.port}/registry/token"

    def app(self) -> FastAPI:
        """The application that answers."""
        app = FastAPI()

        @app.get("/registry/token")
        async def token(request: Request, scope: list[str] = Query(default=[])) -> Response:  # noqa: B008
            assert self.tokens is not None
            self.asked.append(request.url.query)
            username, password = _basic(request.headers.get("Authorization", ""))
            try:
                answer = await self.tokens.token_response(username, password, scope, self._user_access)
            except Unauthenticated as error:
                return JSONResponse({"details": error.message}, status_code=401)
            return JSONResponse(answer)

        return app

    async def _user_access(self, username: str, password: str) -> Allowed | None:
        workspace = self.users.get(password)
        return None if workspace is None else lambda repository, action: repository.startswith(f"{workspace}/")


@asynccontextmanager
async def token_service() -> AsyncIterator[TokenService]:
    """A running `TokenService`; give it `tokens` before it is asked."""
    service = TokenService()
    config = uvicorn.Config(service.app(), host="127.0.0.1", port=service.port, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(10):
            while not server.started:
                await asyncio.sleep(0.01)
        yield service
    finally:
        server.should_exit = True
        await serving


async def load_scratch_image(docker: aiodocker.Docker, tag: str, content: bytes) -> None:
    """Make an image of one file in the engine, without building: `tag` is `name:version`."""
    layer = _tar({"content": content})
    digest = hashlib.sha256(layer).hexdigest()
    config = {"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers"}}
    config["rootfs"] = {"type": "layers", "diff_ids": [f"sha256:{digest}"]}
    manifest = [{"Config": "config.json", "RepoTags": [tag], "Layers": ["layer.tar"]}]
    archive = _tar(
        {
            "manifest.json": json.dumps(manifest).encode(),
            "config.json": json.dumps(config).encode(),
            "layer.tar": layer,
        }
    )
    async for _ in docker.images.import_image(archive, stream=True):
        pass


def _tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    username, _, password = base64.b64decode(encoded).decode().partition(":")
    return username, password
