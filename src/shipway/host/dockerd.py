"""Start a Docker engine by hand, on a machine that no systemd runs."""

import json
import os
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from shipway.host.commands import SEARCH_PATH

ETHERNET_MTU = 1500
DOCKERD = "dockerd"


@dataclass(frozen=True, slots=True)
class Dockerd:
    """One engine: where it keeps its sockets and pid files, and how it is started."""

    #: Debian's engine has it here, and so does anything that looks for it.
    run: Path = Path("/var/run")
    log: Path = Path("/var/log/dockerd.log")
    options: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"unix://{self.run}/docker.sock"

    @property
    def pid_file(self) -> Path:
        """Written by dockerd; while the process it names lives, a second dockerd refuses to start."""
        return self.run / "docker.pid"

    @property
    def containerd(self) -> Path:
        """Directory of the containerd that dockerd starts for itself."""
        return self.run / "docker/containerd"

    def is_alive(self) -> bool:
        """Whether it runs, or is just starting."""
        return _names_process(self.pid_file, DOCKERD)

    def start(self) -> "subprocess.Popen[bytes]":
        """Start it, detached from this process and terminal; it takes seconds until it answers. Its data is left alone."""
        self.clear_stale()
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [DOCKERD, *self.options],
                env=os.environ | {"PATH": SEARCH_PATH},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def clear_stale(self) -> None:
        """Remove what a machine that was switched off left behind: pid files whose number another process has by now,
        and sockets that nobody listens on. dockerd would wait for the one or talk to the other, and give up.
        """
        for pid_file, name in ((self.pid_file, DOCKERD), (self.containerd / "containerd.pid", "containerd")):
            if not _names_process(pid_file, name):
                pid_file.unlink(missing_ok=True)
        for path in (self.run / "containerd/containerd.sock", self.containerd / "containerd.sock"):
            if path.is_socket() and not _accepts(path):
                path.unlink()


def mtu_options(routes: str, interfaces: Path = Path("/sys/class/net"), config: str = "") -> tuple[str, ...]:
    """`--mtu` where the way out carries less than Ethernet does, as in many clouds and VPNs: containers with a larger
    one lose big packets without a word. `routes` is the text of /proc/net/route, `config` that of daemon.json, which
    goes first: dockerd refuses an option that is in both.
    """
    mtu = _mtu_of_default_route(routes, interfaces)
    configured = "mtu" in json.loads(config or "{}")
    return () if configured or mtu >= ETHERNET_MTU else ("--mtu", str(mtu))


def _mtu_of_default_route(routes: str, interfaces: Path) -> int:
    rows = [line.split() for line in routes.splitlines()[1:]]
    defaults = [(int(row[6]), row[0]) for row in rows if row[1] == "00000000"]
    if not defaults:
        return ETHERNET_MTU
    _, interface = min(defaults)
    return int((interfaces / interface / "mtu").read_text())


def _names_process(pid_file: Path, name: str) -> bool:
    try:
        pid = int(pid_file.read_text())
        return Path(f"/proc/{pid}/comm").read_text().strip() == name
    except (OSError, ValueError):
        return False


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0
