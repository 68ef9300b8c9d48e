"""A plain image registry on a loopback port, for tests of pushing; with `htpasswd` lines it asks for a login."""

import asyncio
import json
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


@asynccontextmanager
async def registry_server(
    directory: Path, htpasswd: str = "", *, address: str = "127.0.0.1", certificate: tuple[Path, Path] | None = None
) -> AsyncIterator[str]:
    """Serve a registry that keeps its data in `directory`, and yield its `host:port`; it is gone afterwards.

    With a `certificate` and its key it speaks TLS.
    """
    host = f"{address}:{_free_port()}"
    configuration = str(_configure(directory, host, htpasswd, certificate))
    process = await asyncio.create_subprocess_exec(
        "docker-registry", "serve", configuration, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await _answering(host, "https" if certificate else "http")
        yield host
    finally:
        process.terminate()
        await process.wait()


def _configure(directory: Path, host: str, htpasswd: str, certificate: tuple[Path, Path] | None) -> Path:
    tls = {"tls": {"certificate": str(certificate[0]), "key": str(certificate[1])}} if certificate else {}
    config: dict[str, object] = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(directory / "data")}},
        "http": {"addr": host, **tls},
    }
    if htpasswd:
        accounts = directory / "htpasswd"
        accounts.write_text(htpasswd)
        config["auth"] = {"htpasswd": {"realm": "tests", "path": str(accounts)}}
    path = directory / "registry.yml"
    path.write_text(json.dumps(config))
    return path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _answering(host: str, scheme: str) -> None:
    async with asyncio.timeout(10):
        while not await asyncio.to_thread(_answers, f"{scheme}://{host}/v2/"):
            await asyncio.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2, context=ssl._create_unverified_context()):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
