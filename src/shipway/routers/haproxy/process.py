"""HAProxy's processes: found, started, reloaded, stopped. They are nobody's children and outlive Shipway.

A master process watches over the one that serves. They are known by their command line, which names our configuration
file: neither a lost pid file nor a reused process id can lead to somebody else's process.
"""

import asyncio
import os
import re
import shutil
import signal
import socket
from pathlib import Path

from shipway.domain.errors import Unavailable

#: First version whose servers can be added and deleted at run time without experimental mode.
OLDEST = (2, 6)
#: Seconds for HAProxy to check its configuration and start, also with thousands of servers.
START = 20.0
#: Seconds for it to end before it is killed.
STOP = 5.0
PAUSE = 0.02


async def start(config: Path) -> None:
    """Start HAProxy with `config`, in the configuration's directory, detached from this process.

    Raises `Unavailable` with the reason: not installed, too old, without Lua, an address that is taken, a bad configuration.
    """
    await _require_abilities()
    await _haproxy("-W", "-D", "-C", str(config.parent), "-S", "unix@master.sock,mode,600", "-f", str(config))


async def verify(config: Path) -> None:
    """Return when HAProxy accepts `config`, else raise `Unavailable` with its message."""
    await _haproxy("-c", "-q", "-C", str(config.parent), "-f", str(config))


async def stop(config: Path) -> None:
    """Make sure that no process that serves from `config` is left, connections and all."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + STOP
    _signal(config, signal.SIGTERM)
    while running(config):
        if clock() > deadline:
            _signal(config, signal.SIGKILL)
        await asyncio.sleep(PAUSE)


def running(config: Path) -> list[int]:
    """Ids of the processes that serve from `config`: the master, its present process, former ones that are leaving."""
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal())
    return [pid for pid in pids if _serves(pid, config)]


def _serves(pid: int, config: Path) -> bool:
    try:
        program, *arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return Path(os.fsdecode(program)).name == "haproxy" and os.fsencode(config) in arguments


def _signal(config: Path, number: signal.Signals) -> None:
    for pid in running(config):
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            if _serves(pid, config):  # asked again now that the handle keeps the id from being reused
                signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            pass
        finally:
            os.close(handle)


async def _haproxy(*arguments: str) -> None:
    """Run HAProxy until it has ended, or become a daemon. Raises `Unavailable` with what it complained of."""
    process = await asyncio.create_subprocess_exec(
        _program(),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        env={"PATH": os.defpath},
    )
    try:
        async with asyncio.timeout(START):
            _, errors = await process.communicate()
    except TimeoutError as error:
        process.kill()
        await process.wait()
        raise Unavailable(f"HAProxy did not start within {START:.0f} s.") from error
    if process.returncode != 0:
        raise start_failure(errors.decode(errors="replace"))


async def _require_abilities() -> None:
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        _program(), "-vv", stdin=quiet, stdout=asyncio.subprocess.PIPE, stderr=quiet
    )
    text = (await process.communicate())[0].decode(errors="replace")
    found = re.search(r"version (\d+)\.(\d+)", text)
    if not found or (int(found[1]), int(found[2])) < OLDEST:
        raise Unavailable(
            f"This HAProxy is too old: {text.partition(chr(10))[0]}.",
            hint="Install version 2.6 or later; Debian 12 and Ubuntu 24.04 have one.",
        )
    if "Built with Lua" not in text:
        raise Unavailable(
            "This HAProxy is built without Lua, which holds the requests of services that are paused.",
            hint="Install the distribution's (apt install haproxy), or build it with USE_LUA=1.",
        )


def _program() -> str:
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))
    if program := shutil.which("haproxy", path=path):
        return program
    raise Unavailable("HAProxy is not installed.", hint="Install it: apt install haproxy. Shipway starts it by itself.")


def require_free(host: str, port: int) -> None:
    """Return when nobody listens there, else raise `Unavailable` as `start` would."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        raise _bind_failure(os.strerror(error.errno or 0), host, str(port)) from error


def start_failure(errors: str) -> Unavailable:
    """Why HAProxy did not start, from what it wrote to standard error."""
    alerts = [line.partition(" : ")[2].strip() for line in errors.splitlines() if line.startswith("[ALERT]")]
    for alert in alerts:
        if bound := re.search(r"cannot bind socket \((.+)\) for \[(.+):(\d+)\]", alert):
            return _bind_failure(*bound.groups())
    return Unavailable(
        f"HAProxy does not accept its configuration: {alerts[0] if alerts else errors.strip() or 'no reason given'}",
        hint="Its files are in the directory `proxy` of Shipway's home.",
    )


def _bind_failure(reason: str, address: str, port: str) -> Unavailable:
    hints = {
        "Address already in use": "Stop the program that uses it (`ss -ltnp` shows which), or set proxy_port "
        "(SHIPWAY_PROXY_PORT) to a free port.",
        "Permission denied": "Ports below 1024 need root: run Shipway as root, or set proxy_port (SHIPWAY_PROXY_PORT).",
    }
    return Unavailable(
        f"The proxy can't listen on {address} port {port}: {reason.lower()}.",
        hint=hints.get(reason, "Set proxy_host (SHIPWAY_PROXY_HOST) to an address of this machine."),
    )
