"""`make demo`, once the machine is ready: start Shipway in this checkout, deploy examples/hello from its source through
every step, say where everything is. Run again it deploys again; settings, data and addresses stay.
"""

import hashlib
import json
import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHIPWAY = ROOT / ".venv/bin/shipway"
HOME = ROOT / ".shipway"
APP = ROOT / "examples/hello"
SERVICE = "demo/hello/production/web"

#: Settings and the ports they have when those are free.
PORTS = {"listen_port": 7700, "registry_port": 7701, "proxy_port": 8080}


def main() -> None:
    """Start, deploy, tell."""
    settle(HOME, is_free)
    server = json.loads(shipway("up", "--home", HOME, "--json", captured=True))
    first = not exists(SERVICE)
    if first:
        shipway("services", "create", SERVICE, "--create-parents")
    shipway("link", SERVICE, "--directory", APP)
    shipway("deploy", "--directory", APP)
    if first:
        print("\nOnce more, from the cache: now `rollback` has a release to go back to.\n")
        shipway("deploy", "--directory", APP)
    app = shipway("open", "--print", SERVICE, captured=True).strip()

    command = os.path.relpath(SHIPWAY, APP)
    print(f"\nIn {APP.relative_to(ROOT)} these work now: {command} status | deploy | logs -f | rollback\n")
    print(f"App: {app}")
    print(f"Dashboard: {server['url']}")
    print(f"Login: {server['login']}")
    print("Stop:", shlex.join([str(SHIPWAY), "down", "--home", str(HOME), "--all"]))


def settle(home: Path, is_free: Callable[[int], bool]) -> None:
    """Choose, once, a name and ports that clash with no other checkout's demo and nothing else on this machine."""
    file = home / "settings.toml"
    if file.exists():
        return
    home.mkdir(mode=0o700, exist_ok=True)
    file.write_text(
        "# Chosen by `make demo`; every field of src/shipway/settings.py can be set here.\n"
        f'installation = "{installation(home)}"\n'
        'proxy_host = "127.0.0.1"\n' + "".join(f"{name} = {port}\n" for name, port in choose_ports(is_free).items())
    )


def installation(home: Path) -> str:
    """Name of this checkout's demo on the engine, where other checkouts may have theirs."""
    return f"demo-{hashlib.sha256(bytes(home.resolve())).hexdigest()[:6]}"


def choose_ports(is_free: Callable[[int], bool]) -> dict[str, int]:
    """The usual port for each, or the next that is free and not another's."""
    chosen: dict[str, int] = {}
    for name, usual in PORTS.items():
        others = {*chosen.values(), *PORTS.values()} - {usual}
        chosen[name] = next(port for port in range(usual, 65536) if port not in others and is_free(port))
    return chosen


def is_free(port: int) -> bool:
    """Whether nothing listens on that port, on whichever address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True


def exists(service: str) -> bool:
    """Whether the server knows that service already."""
    return subprocess.run([SHIPWAY, "status", service, "--json"], capture_output=True, check=False).returncode == 0


def shipway(*arguments: str | Path, captured: bool = False) -> str:
    """Run a command of Shipway's own command line; ends the demo with its code when that fails: it has said why."""
    sys.stdout.flush()
    done = subprocess.run([SHIPWAY, *arguments], stdout=subprocess.PIPE if captured else None, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.returncode)
    return done.stdout or ""


if __name__ == "__main__":
    main()
