"""A Vault for tests, over HTTP on loopback. It is ours, written after the public documentation of the HTTP API of HashiCorp
Vault and OpenBao: key-value engine version 2, tokens, AppRole, seal, namespaces, and errors as these word them."""

import asyncio
import re
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

#: As Vault: versions of each key that are kept, unless its metadata say otherwise.
MAX_VERSIONS = 10


@dataclass
class Version:
    """One version of a key."""

    data: dict[str, Any] | None
    created: str
    deleted: str = ""
    destroyed: bool = False

    def metadata(self) -> dict[str, Any]:
        """As it is told."""
        return {"created_time": self.created, "deletion_time": self.deleted, "destroyed": self.destroyed}


@dataclass
class Key:
    """A key with its versions."""

    current: int = 0
    max_versions: int = 0
    created: str = ""
    updated: str = ""
    versions: dict[int, Version] = field(default_factory=dict)

    @property
    def oldest(self) -> int:
        """The oldest that is kept; 0 while all are."""
        return min(self.versions) if self.versions and min(self.versions) > 1 else 0


@dataclass
class Token:
    """Whoever has it may do that below any of these paths; all, where there are none."""

    expires: float | None = None
    #: `read`, `create` …, as a policy grants them to a path's beginning.
    denied: tuple[tuple[str, str], ...] = ()


@dataclass
class VaultServer:
    """What it holds, and the hands that a test has in it."""

    namespace: str = ""
    url: str = ""
    sealed: bool = False
    cas_required: bool = False
    #: Seconds that a token from a login is good for.
    ttl: int = 3600
    keys: dict[str, Key] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    role_id: str = field(default_factory=lambda: secrets.token_hex(8))
    secret_ids: set[str] = field(default_factory=lambda: {secrets.token_hex(8)})
    logins: int = 0
    #: `GET data/shipway/…`, in their order, without the mount.
    asked: list[str] = field(default_factory=list)
    #: While it is cleared, whoever asks waits.
    answering: asyncio.Event = field(default_factory=asyncio.Event)

    def issue(self, *, ttl: int | None = None, denied: tuple[tuple[str, str], ...] = ()) -> str:
        """A new token."""
        token = "hvs." + secrets.token_urlsafe(18)
        self.tokens[token] = Token(time.monotonic() + ttl if ttl else None, denied)
        return token

    def expire_tokens(self) -> None:
        """All that there are."""
        self.tokens.clear()

    def write(self, path: str, value: str) -> int:
        """As somebody with Vault's own command does."""
        return self._write(path, {"value": value})

    def delete(self, path: str, *versions: int) -> None:
        """They can be undeleted."""
        for each in versions:
            self.keys[path].versions[each].deleted = _now()

    def destroy(self, path: str, *versions: int) -> None:
        """They can't."""
        for each in versions:
            if found := self.keys[path].versions.get(each):
                found.data, found.destroyed = None, True

    async def answer(self, request: Request) -> Response:
        """Anything below `/v1/`."""
        await self.answering.wait()
        path = request.path_params["path"]
        if self.sealed:
            return _errors(503, "Vault is sealed")
        if request.headers.get("X-Vault-Namespace", "").strip("/") != self.namespace:
            return _errors(403, "permission denied")
        if path == "auth/approle/login":
            return await self._log_in(request)
        text = request.headers.get("X-Vault-Token", "")
        token = self.tokens.get(text)
        if token is None or (token.expires is not None and token.expires <= time.monotonic()):
            return _errors(403, "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n")
        if path.startswith("auth/token/"):
            return self._token(text, token, path)
        mount, _, rest = path.partition("/")
        if mount != "secret":
            return _errors(404, f'no handler for route "{path}". route entry not found.')
        self.asked.append(f"{request.method} {rest}")
        if any(request.method == method and rest.startswith(prefix) for method, prefix in token.denied):
            return _errors(403, "1 error occurred:\n\t* permission denied\n\n")
        kind, _, key = rest.partition("/")
        return await self._kv(request, kind, key)

    async def _kv(self, request: Request, kind: str, key: str) -> Response:
        match request.method, kind:
            case "GET", "metadata" if request.query_params.get("list") == "true":
                return self._list(key)
            case "GET", "data":
                return self._read(key, int(request.query_params.get("version", 0)))
            case "GET", "metadata":
                return self._metadata(key)
            case (("POST" | "PUT"), "data"):
                return self._put(key, await request.json())
            case (("POST" | "PUT"), "metadata"):
                self.keys.setdefault(key, Key(created=_now())).max_versions = (await request.json()).get(
                    "max_versions", 0
                )
            case (("POST" | "PUT"), ("delete" | "undelete" | "destroy")):
                self._mark(kind, key, (await request.json()).get("versions", []))
            case "DELETE", "data":
                if key in self.keys:
                    self._mark("delete", key, [self.keys[key].current])
            case "DELETE", "metadata":
                self.keys.pop(key, None)
            case _:
                return _errors(405, "unsupported operation")
        return Response(status_code=204)

    def _mark(self, kind: str, key: str, versions: list[int]) -> None:
        for number in versions:
            found = self.keys[key].versions.get(int(number)) if key in self.keys else None
            if found is None or found.destroyed:
                continue
            if kind == "destroy":
                found.data, found.destroyed = None, True
            else:
                found.deleted = _now() if kind == "delete" else ""

    def _list(self, folder: str) -> Response:
        prefix = folder.strip("/") + "/"
        below = (key.removeprefix(prefix) for key in self.keys if key.startswith(prefix))
        names = sorted({re.sub("/.*", "/", each) for each in below})
        return _data({"keys": names}) if names else _errors(404)

    def _read(self, path: str, version: int) -> Response:
        key = self.keys.get(path, Key())
        found = key.versions.get(version or key.current)
        if found is None:
            return _errors(404)
        gone = found.destroyed or (found.deleted and datetime.fromisoformat(found.deleted) <= datetime.now(UTC))
        metadata = found.metadata() | {"version": version or key.current, "custom_metadata": None}
        return _data({"data": None if gone else found.data, "metadata": metadata}, 404 if gone else 200)

    def _metadata(self, path: str) -> Response:
        key = self.keys.get(path)
        if key is None:
            return _errors(404)
        versions = {str(number): each.metadata() for number, each in key.versions.items()}
        times = {"created_time": key.created, "updated_time": key.updated, "delete_version_after": "0s"}
        counts = {"current_version": key.current, "oldest_version": key.oldest, "max_versions": key.max_versions}
        return _data({"versions": versions, "cas_required": False, "custom_metadata": None} | times | counts)

    def _put(self, path: str, body: dict[str, Any]) -> Response:
        cas = (body.get("options") or {}).get("cas")
        if cas is None and self.cas_required:
            return _errors(400, "check-and-set parameter required for this call")
        if cas is not None and cas != self.keys.get(path, Key()).current:
            return _errors(400, "check-and-set parameter did not match the current version")
        if "data" not in body:
            return _errors(400, "no data provided")
        number = self._write(path, body["data"])
        return _data(self.keys[path].versions[number].metadata() | {"version": number, "custom_metadata": None})

    def _write(self, path: str, data: dict[str, Any]) -> int:
        key = self.keys.setdefault(path, Key(created=_now()))
        key.current, key.updated = key.current + 1, _now()
        key.versions[key.current] = Version(data, _now())
        for old in sorted(key.versions)[: -(key.max_versions or MAX_VERSIONS)]:
            del key.versions[old]
        return key.current

    async def _log_in(self, request: Request) -> Response:
        given = await request.json()
        if given.get("role_id") != self.role_id or given.get("secret_id") not in self.secret_ids:
            return _errors(400, "invalid role or secret ID")
        self.logins += 1
        auth = {"client_token": self.issue(ttl=self.ttl), "lease_duration": self.ttl, "renewable": True}
        return JSONResponse(_ENVELOPE | {"auth": auth | {"accessor": secrets.token_hex(8), "policies": ["default"]}})

    def _token(self, text: str, token: Token, path: str) -> Response:
        left = int(token.expires - time.monotonic()) if token.expires else 0
        if path == "auth/token/lookup-self":
            return _data({"id": text, "ttl": left, "renewable": bool(token.expires)})
        if path == "auth/token/renew-self" and token.expires:
            token.expires = time.monotonic() + self.ttl
            return JSONResponse(_ENVELOPE | {"auth": {"client_token": text, "lease_duration": self.ttl}})
        return _errors(400, "lease is not renewable")


_ENVELOPE: dict[str, Any] = {
    "request_id": "00000000-0000-0000-0000-000000000000",
    "lease_id": "",
    "renewable": False,
    "lease_duration": 0,
    "data": None,
    "wrap_info": None,
    "warnings": None,
    "auth": None,
}


def _data(data: dict[str, Any], status: int = 200) -> Response:
    return JSONResponse(_ENVELOPE | {"data": data}, status)


def _errors(status: int, *texts: str) -> Response:
    return JSONResponse({"errors": list(texts)}, status)


def _now() -> str:
    """With nanoseconds and a Z, as Go writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "123Z"


@asynccontextmanager
async def vault_server(**options: Any) -> AsyncIterator[VaultServer]:
    """One that listens on a port of its own."""
    made = VaultServer(**options)
    made.answering.set()
    routes = [Route("/v1/{path:path}", made.answer, methods=["GET", "POST", "PUT", "DELETE"])]
    server = uvicorn.Server(
        uvicorn.Config(Starlette(routes=routes), port=0, log_level="error", timeout_graceful_shutdown=1)
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.002)
    made.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        made.answering.set()
        server.should_exit = True
        await serving
