"""A Docker engine of a test's own, in a network of its own: it can be stopped and started like a machine."""

import contextlib
import ctypes
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_NEW_NETWORK = 0x40000000  # CLONE_NEWNET


@dataclass
class OwnEngine:
    """One dockerd with data, sockets and containerd of its own, started in the network of the thread that does it."""

    directory: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> str:
        """Its address."""
        return f"unix://{self.directory}/docker.sock"

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = {"data-root": "data", "exec-root": "run", "pidfile": "docker.pid"}
        command = ["dockerd", "--host", self.host, *(f"--{name}={self.directory / at}" for name, at in options.items())]
        with (self.directory / "dockerd.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + 90
        while self.docker("version", check=False).returncode:
            assert self.process.poll() is None and time.monotonic() < deadline, self._log()
            time.sleep(0.1)

    def stop(self) -> None:
        """SIGTERM: as at the shutdown of a machine, it ends its containers and forgets none."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=90)

    def docker(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """The docker command on this engine."""
        return subprocess.run(
            ["docker", "--host", self.host, *arguments], capture_output=True, text=True, check=check, timeout=120
        )

    def load(self, image: str) -> None:
        """Take over an image from the machine's own engine."""
        with subprocess.Popen(["docker", "save", image], stdout=subprocess.PIPE) as saved:
            subprocess.run(["docker", "--host", self.host, "load"], stdin=saved.stdout, check=True, capture_output=True)

    def _log(self) -> str:
        return (self.directory / "dockerd.log").read_text()[-3000:]


@contextlib.contextmanager
def own_network() -> Iterator[None]:
    """Everything that this thread does and starts meanwhile is in a network that nothing else is in."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path("/proc/thread-self/ns/net").open() as before:
        if libc.unshare(_NEW_NETWORK):
            raise OSError(ctypes.get_errno(), "no network of one's own")
        try:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            yield
        finally:
            libc.setns(before.fileno(), _NEW_NETWORK)


@contextlib.contextmanager
def own_engine() -> Iterator[OwnEngine]:
    """One that runs; it is stopped at the end, and what it has mounted is let go of."""
    # Not one of pytest's directories: the path of a socket has room for a hundred characters.
    directory = Path(tempfile.mkdtemp(prefix="shipway-e-"))
    engine = OwnEngine(directory)
    try:
        engine.start()
        yield engine
    finally:
        if engine.process and engine.process.poll() is None:
            for name in engine.docker("ps", "-aq", check=False).stdout.split():
                engine.docker("rm", "-f", name, check=False)
        engine.stop()
        for line in reversed(Path("/proc/self/mounts").read_text().splitlines()):
            if (mounted := line.split()[1]).startswith(f"{directory}/"):
                subprocess.run(["umount", "--lazy", mounted], check=False)
        shutil.rmtree(directory)
