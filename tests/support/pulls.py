"""A registry of one tiny image, as far as pulling from it goes, with or without a password."""

import gzip
import hashlib
import io
import json
import secrets
import tarfile
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiodocker
from aiohttp import web

from shipway.domain.credential import Credential

CREDENTIAL = Credential("puller", "s3cret")
_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


@dataclass(slots=True)
class StaticRegistry:
    """Serves one image: `reference` by digest, `tagged` by tag."""

    host: str
    protected: bool
    repository: str = field(default_factory=lambda: f"acme/{secrets.token_hex(4)}")
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifest: bytes = b""
    #: Manifests handed out.
    pulls: int = 0
    #: Questions for the tag.
    asked: int = 0
    #: Answers nothing but 503.
    closed: bool = False

    @property
    def reference(self) -> str:
        """By digest."""
        return f"{self.host}/{self.repository}@{_digest(self.manifest)}"

    @property
    def tagged(self) -> str:
        """By tag."""
        return f"{self.host}/{self.repository}:v1"

    async def answer(self, request: web.Request) -> web.Response:
        """One request of a pull."""
        if self.closed:
            return web.Response(status=503)
        if self.protected and request.headers.get("Authorization") != _basic(CREDENTIAL):
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="test"'})
        kind, _, name = request.path.removeprefix("/v2/").removeprefix(f"{self.repository}/").partition("/")
        if kind == "manifests" and name in ("v1", _digest(self.manifest)):
            self.pulls += request.method == "GET"
            self.asked += name == "v1"
            headers = {"Content-Type": _MANIFEST, "Docker-Content-Digest": _digest(self.manifest)}
            return web.Response(body=self.manifest, headers=headers)
        if kind == "blobs" and name in self.blobs:
            return web.Response(body=self.blobs[name])
        if request.path == "/v2/":
            return web.json_response({})
        return web.json_response({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}, status=404)

    def add(self, blob: bytes, media_type: str) -> dict[str, object]:
        """Keep `blob`, and return its descriptor."""
        self.blobs[_digest(blob)] = blob
        return {"mediaType": media_type, "size": len(blob), "digest": _digest(blob)}


@asynccontextmanager
async def static_registry(*, protected: bool = False) -> AsyncIterator[StaticRegistry]:
    """A registry on loopback; its image, which runs nothing, is removed from the engine afterwards."""
    registry = StaticRegistry("", protected)
    _fill(registry)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", registry.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    registry.host = f"127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield registry
    finally:
        await runner.cleanup()
        await _remove_images(registry)


def _fill(registry: StaticRegistry) -> None:
    layer = _layer()
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"ExposedPorts": {"9000/tcp": {}}, "Cmd": ["/nothing"]},
        "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": registry.add(json.dumps(config).encode(), "application/vnd.docker.container.image.v1+json"),
        "layers": [registry.add(gzip.compress(layer), "application/vnd.docker.image.rootfs.diff.tar.gzip")],
    }
    registry.manifest = json.dumps(manifest).encode()


def _layer() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        entry = tarfile.TarInfo("unique")
        entry.size = 16
        tar.addfile(entry, io.BytesIO(secrets.token_bytes(16)))
    return buffer.getvalue()


async def _remove_images(registry: StaticRegistry) -> None:
    async with aiodocker.Docker() as docker:
        for reference in (registry.reference, registry.tagged):
            try:
                await docker.images.delete(reference, force=True)
            except aiodocker.DockerError as error:
                if error.status != 404:
                    raise


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _basic(credential: Credential) -> str:
    return "Basic " + b64encode(f"{credential.username}:{credential.password}".encode()).decode()
