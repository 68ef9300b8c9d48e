"""The installation on this machine: its server process, and what only the owner of its files may ask for."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from shipway.client.errors import UNAVAILABLE, ClientError
from shipway.settings import Settings

_EVERYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - not listened on here
#: Seconds that a server has until it answers: the first start prepares the engine, the proxy and the registry.
_PATIENCE = 90.0
_TAIL = 12


@dataclass(frozen=True, slots=True)
class Installation:
    """One home directory and its settings."""

    settings: Settings

    @classmethod
    def at(cls, home: Path | None) -> "Installation":
        """The one in `home`, else the default one."""
        return cls(Settings.load(home))

    @property
    def home(self) -> Path:
        """Where it keeps its state."""
        return self.settings.home

    @property
    def url(self) -> str:
        """Where this machine reaches its API."""
        host = self.settings.listen_host
        name = "127.0.0.1" if host in _EVERYWHERE else f"[{host}]" if ":" in host else host
        return f"http://{name}:{self.settings.listen_port}"

    @property
    def logfile(self) -> Path:
        """What the server prints."""
        return self.home / "server.log"

    def holder(self) -> int | None:
        """The server's process id, `None` when none runs. It holds a lock on its pid file for as long as it lives."""
        try:
            with (self.home / "server.pid").open("r+") as file:
                fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return None
        except BlockingIOError:
            return int((self.home / "server.pid").read_text() or 0) or None
        return None

    def start(self) -> None:
        """Start the server apart from this terminal and wait until it answers. Raises `ClientError` with the log's end."""
        if _is_taken(self.url):
            raise ClientError(
                f"{self.url} is taken by another program.", hint="Choose another port: `shipway up --port N`."
            )
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.logfile.open("ab") as log:
            begun = log.tell()
            server = subprocess.Popen(
                _server("serve", self.home),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
            )
        self._await(server, begun)

    def wait(self) -> None:
        """Wait until the server that runs already answers."""
        deadline = time.monotonic() + _PATIENCE
        while not _answers(self.url):
            if time.monotonic() > deadline:
                raise self._silent()
            time.sleep(0.1)

    def ask(self, command: str, *options: str) -> str:
        """What a command of the server's own module prints. Raises `ClientError` with what it complains of."""
        done = subprocess.run(_server(command, self.home, *options), capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout.strip()
        *said, last = done.stderr.strip().splitlines() or ["It said nothing."]
        hint = last.removeprefix("hint: ") if last.startswith("hint: ") else f"Its log is {self.logfile}."
        message = said[-1] if said and last.startswith("hint: ") else last
        raise ClientError(message, hint=hint, code=UNAVAILABLE if done.returncode == 75 else "failed")

    def stop(self) -> None:
        """Stop the server, and only it, if it runs."""
        pid = self.holder()
        if pid is None:
            return
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + 30
        while self.holder() == pid:
            if time.monotonic() > deadline:
                raise ClientError(f"The server (pid {pid}) does not stop.", hint=f"Its log is {self.logfile}.")
            time.sleep(0.05)

    def _await(self, server: "subprocess.Popen[bytes]", begun: int) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not _answers(self.url):
            if (code := server.poll()) is not None:
                raise self._died(code, self._printed_since(begun))
            if time.monotonic() > deadline:
                raise self._silent()
            time.sleep(0.05)

    def _printed_since(self, begun: int) -> list[str]:
        with self.logfile.open("rb") as log:
            log.seek(begun)
            return log.read().decode(errors="replace").strip().splitlines()

    def _died(self, code: int, printed: Sequence[str]) -> ClientError:
        told = printed[-1].removeprefix("hint: ") if printed and printed[-1].startswith("hint: ") else ""
        shown = printed[:-1] if told else printed
        return ClientError(
            "The server ended as soon as it was started; it said:",
            hint=told or f"Its log is {self.logfile}. `shipway up --setup` installs what a machine lacks.",
            code=UNAVAILABLE if code == 75 else "failed",
            evidence=shown[-_TAIL:] or [f"nothing (exit code {code})"],
        )

    def _silent(self) -> ClientError:
        return ClientError(
            f"The server runs but does not answer at {self.url}.", hint=f"Its log is {self.logfile}.", code=UNAVAILABLE
        )


def prepare_machine(*, quiet: bool) -> None:
    """Install what this machine lacks, as the host module decides. Raises `ClientError` when that fails."""
    command = [sys.executable, "-m", "shipway.host", "setup"]
    if subprocess.run(command, stdout=sys.stderr if quiet else None, check=False).returncode != 0:
        raise ClientError(
            "This machine could not be prepared; the lines above say why.", hint="Correct that, run it again."
        )


def _server(command: str, home: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "shipway.server", command, "--home", str(home), *options]


def _is_taken(url: str) -> bool:
    """Whether anything listens there."""
    address = urlsplit(url)
    try:
        socket.create_connection((address.hostname, address.port), timeout=2).close()
    except OSError:
        return False
    return True


def _answers(url: str) -> bool:
    """Whether the server there says that it is well."""
    from shipway.client.client import Client

    try:
        with Client(url) as client:
            client.check()
    except ClientError:
        return False
    return True
