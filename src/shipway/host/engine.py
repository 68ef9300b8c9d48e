"""The Docker engine of this machine: whether it answers; and when none does, start the one that is installed."""

import contextlib
import http.client
import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Literal

from shipway.domain.errors import Unavailable
from shipway.host.dockerd import Dockerd, mtu_options
from shipway.host.output import note, say
from shipway.host.privilege import as_root

DEFAULT_HOST = "unix:///var/run/docker.sock"

State = Literal["answers", "forbidden", "silent"]

#: Seconds. An engine with much to clean up after a crash takes its time.
_STARTS_WITHIN = 120.0


def host() -> str:
    """Where this machine's engine is: `DOCKER_HOST`, else Docker's own default."""
    return os.environ.get("DOCKER_HOST") or DEFAULT_HOST


def state(address: str = "") -> State:
    """Whether an engine answers at `address` (default: this machine's); `forbidden`: it is there, not for this user."""
    address = address or host()
    if not address.startswith("unix://"):
        # The docker command knows TLS and ssh.
        asked = subprocess.run(["docker", "--host", address, "version"], capture_output=True, check=False)
        return "answers" if asked.returncode == 0 else "silent"
    try:
        return "answers" if _ping(address.removeprefix("unix://")) else "silent"
    except PermissionError:
        return "forbidden"
    except (OSError, http.client.HTTPException):
        return "silent"


def ensure_running() -> None:
    """Start the installed engine unless one answers. Its data, and an engine that runs, are never touched.

    Raises `Unavailable` when it does not answer afterwards, saying which engine and what to do.
    """
    if state() == "silent":
        if host() != DEFAULT_HOST:
            raise Unavailable(f"No Docker engine answers at {host()}.", hint="Start it, or unset DOCKER_HOST.")
        say("Starting the Docker engine")
        as_root(("start-engine",), start)
    if state() == "forbidden":
        raise Unavailable(
            f"This user may not talk to the Docker engine at {host()}.",
            hint="Run: sudo usermod -aG docker $USER; log in again; then run this again.",
        )


def start() -> None:
    """Start the installed engine, by systemd where that runs, and wait until it answers. Needs root."""
    if Path("/run/systemd/system").exists():
        subprocess.run(["systemctl", "start", "docker"], check=False)
        _await_answer(DEFAULT_HOST, None, hint="See: journalctl -u docker")
    else:
        start_by_hand(Dockerd(options=mtu_options(_read("/proc/net/route"), config=_read("/etc/docker/daemon.json"))))


def start_by_hand(engine: Dockerd) -> None:
    """Start `engine` unless it is starting already, and wait until it answers; it outlives this process."""
    process = None if engine.is_alive() else engine.start()
    if process is not None:
        note(f"dockerd is process {process.pid}, its log is {engine.log}")
    _await_answer(engine.address, process, hint=f"Its log says why: {engine.log}")
    if process is not None:
        process.returncode = 0  # nobody waits for it: without this, Python warns of a forgotten child


def _await_answer(address: str, process: "subprocess.Popen[bytes] | None", hint: str) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN
    while state(address) != "answers":
        if process is not None and process.poll() is not None:
            raise Unavailable(f"dockerd ended with code {process.returncode}.", hint=hint)
        if time.monotonic() > deadline:
            raise Unavailable(f"The Docker engine did not answer within {_STARTS_WITHIN:.0f} s.", hint=hint)
        time.sleep(0.1)


def _ping(path: str) -> bool:
    """Ask the engine behind this socket, as its own clients do first."""
    connection = http.client.HTTPConnection("localhost", timeout=5)
    connection.sock = socket.socket(socket.AF_UNIX)
    with contextlib.closing(connection):
        connection.sock.settimeout(5)
        connection.sock.connect(path)
        connection.request("GET", "/_ping")
        return connection.getresponse().status == http.HTTPStatus.OK


def _read(path: str) -> str:
    return Path(path).read_text() if Path(path).exists() else ""
