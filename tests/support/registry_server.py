"""A plain image registry on a loopback port, for tests of pushing; with `htpasswd` lines it asks for a login."""

import asyncio
import json
import socket
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


@asynccontextmanager
async def registry_server(directory: Path, htpasswd: str = "") -> AsyncIterator[str]:
    """Serve a registry that keeps its data in `directory`, and yield its `host:port`; it is gone afterwards."""
    host = f"127.0.0.1:{_free_port()}"
    process = await asyncio.create_subprocess_exec(
        "docker-registry", "serve", str(_configure(directory, host, htpasswd)), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await _answering(host)
        yield host
    finally:
        process.terminate()
        await process.wait()


def _configure(directory: Path, host: str, htpasswd: str) -> Path:
    config: dict[str, object] = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(directory / "data")}},
        "http": {"addr": host},
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


async def _answering(host: str) -> None:
    async with asyncio.timeout(10):
        while not await asyncio.to_thread(_answers, host):
            await asyncio.sleep(0.05)


def _answers(host: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{host}/v2/", timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
