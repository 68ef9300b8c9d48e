"""The server process, and what only the owner of its home directory may ask for: `python -m shipway.server --help`."""

import argparse
import asyncio
import fcntl
import gc
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from shipway.bootstrap import assemble, build_app, started, stop_everything
from shipway.domain.errors import Conflict, ShipwayError, Unavailable
from shipway.operations.accounts import administrator_token, one_time_link
from shipway.pipeline import topics
from shipway.pipeline.platform import Platform
from shipway.settings import Settings
from shipway.store.schema import migrate

EXIT_FAILED, EXIT_TRY_AGAIN = 1, 75


def main() -> None:
    """Entry of `python -m shipway.server`."""
    arguments = _parser().parse_args()
    try:
        settings = Settings.load(arguments.home)
        asyncio.run(_COMMANDS[arguments.command](settings, arguments))
    except ShipwayError as error:
        print("\n".join(filter(None, (error.message, error.hint and f"hint: {error.hint}"))), file=sys.stderr)
        sys.exit(EXIT_TRY_AGAIN if isinstance(error, Unavailable) else EXIT_FAILED)
    except KeyboardInterrupt:
        sys.exit(130)


async def serve(settings: Settings, _: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT. Apps go on without us."""
    with _only_one(settings.home):
        platform = assemble(settings)
        config = uvicorn.Config(
            build_app(platform),
            host=settings.listen_host,
            port=settings.listen_port,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=3,
        )
        async with started(platform):
            # uvicorn raises the signal that ended it once more; that must not kill us before everything is closed.
            for end in (signal.SIGTERM, signal.SIGINT):
                signal.signal(end, lambda *_: None)
            # What was made until here stays for good: the collector need not look at it again and again, 0.1 s each time.
            gc.collect()
            gc.freeze()
            print(f"Shipway serves at {settings.url}", flush=True)
            await _Server(config, platform).serve()


class _Server(uvicorn.Server):
    """Tells whoever watches something live that it ends, so that open pages don't hold up the end."""

    def __init__(self, config: uvicorn.Config, platform: Platform) -> None:
        super().__init__(config)
        self._platform = platform

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then as uvicorn does."""
        self._platform.signals.notify(topics.CLOSING)
        await super().shutdown(sockets)


async def login_link(settings: Settings, _: argparse.Namespace) -> None:
    """Print a one-time link."""
    await _with_database(settings, one_time_link)


async def token(settings: Settings, arguments: argparse.Namespace) -> None:
    """Print a new API token of the administrator."""
    await _with_database(settings, lambda platform: administrator_token(platform, arguments.label))


async def shutdown(settings: Settings, _: argparse.Namespace) -> None:
    """Stop the server, then the apps, the proxy and the registry. Their data stays; `serve` brings them back."""
    _stop_server(settings.home)
    with _only_one(settings.home, wait=20.0):
        await stop_everything(assemble(settings))


async def _with_database(settings: Settings, make: Callable[[Platform], Awaitable[str]]) -> None:
    platform = assemble(settings)
    try:
        await migrate(platform.database)
        print(await make(platform))
    finally:
        await platform.database.close()


@contextmanager
def _only_one(home: Path, wait: float = 0.0) -> Iterator[None]:
    """Hold the home directory: two servers on one would both believe that the queue is theirs."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home / "server.pid").open("a+") as file:
        _lock(file.fileno(), home, wait)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _lock(descriptor: int, home: Path, wait: float) -> None:
    deadline = time.monotonic() + wait
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise Conflict(
                    f"A Shipway server is running on {home} already.", hint="Stop it: `shipway down`."
                ) from error
            time.sleep(0.05)


def _stop_server(home: Path) -> None:
    """SIGTERM to whoever holds the home, if anyone does."""
    path = home / "server.pid"
    if not path.exists():
        return
    with path.open("r+") as file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.kill(int(file.read()), signal.SIGTERM)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m shipway.server", description=__doc__)
    parser.add_argument("command", choices=sorted(_COMMANDS))
    parser.add_argument("--home", type=Path, default=None, help="where the installation keeps its state")
    parser.add_argument("--label", default="command line", help="what the token is for")
    return parser


_COMMANDS = {"serve": serve, "login-link": login_link, "token": token, "shutdown": shutdown}

if __name__ == "__main__":
    main()
