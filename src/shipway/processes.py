"""Daemons that serve on when Shipway stops: started apart from it, found again by pid file, never mistaken for others."""

import asyncio
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

#: Starts "$@" as an orphan, so that it is init's to reap and never our zombie, and leaves its pid in the file $0.
#: It runs to its end also when Shipway is killed meanwhile: there is no daemon without a pid file.
_LAUNCH = '"$@" & echo $! >"$0"'
_MAX_LOG = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Daemon:
    """One background program of this installation.

    It is recognised by its pid file *and* its command line, so `argv` must name something that is this
    installation's own, such as its configuration file. A process that merely got the same pid is never touched.
    Under a service manager that ends everything it finds in Shipway's control group, tell it to end only Shipway
    (systemd: `KillMode=process`).
    """

    #: What people know it by.
    name: str
    #: The program's absolute path (a binary, not a script), then its arguments: never a secret, since everybody on the
    #: machine can read them.
    argv: tuple[str, ...]
    pidfile: Path
    #: What it prints.
    logfile: Path
    #: Its whole environment: nothing of ours is passed on.
    environment: Mapping[str, str] = field(default_factory=lambda: {"PATH": os.defpath, "LC_ALL": "C.UTF-8"})

    def running(self) -> int | None:
        """The pid it runs under, or `None`."""
        pid = self._recorded()
        return pid if pid and self._is_ours(pid) else None

    async def start(self) -> int:
        """Make sure that it runs, and return its pid; one that runs already is kept.

        Returns as soon as the process exists: whether it serves is for the caller to ask of it. Raises `OSError` when
        the program can't be executed.
        """
        return await asyncio.to_thread(self._start)

    async def stop(self, grace: float) -> None:
        """Make sure that it does not run: SIGTERM, `grace` seconds, SIGKILL. Safe to repeat."""
        with self._handle() as handle:
            if handle is not None:
                await _end(handle, grace)
        if not self.running():
            self.pidfile.unlink(missing_ok=True)

    def tail(self, lines: int = 5) -> list[str]:
        """The last lines it printed, oldest first: the evidence when it does not come up."""
        with suppress(FileNotFoundError):
            return self.logfile.read_text(errors="replace").splitlines()[-lines:]
        return []

    def trim_log(self) -> None:
        """Empty the log when it has grown beyond 4 MiB; also while the daemon writes to it. A start does it, too."""
        with suppress(FileNotFoundError):
            if self.logfile.stat().st_size > _MAX_LOG:
                os.truncate(self.logfile, 0)

    def _start(self) -> int:
        if not os.access(self.argv[0], os.X_OK):
            raise FileNotFoundError(f"{self.argv[0]} is not an executable file")
        self.pidfile.parent.mkdir(parents=True, exist_ok=True)
        self.logfile.parent.mkdir(parents=True, exist_ok=True)
        with _locked(self.pidfile.with_name(f"{self.pidfile.name}.lock")):
            if pid := self.running():
                return pid
            self._launch()
            return self._launched()

    def _launch(self) -> None:
        self.trim_log()
        with self.logfile.open("ab") as output:
            subprocess.run(
                ("/bin/sh", "-c", _LAUNCH, str(self.pidfile), *self.argv),
                check=True,
                cwd="/",
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def _launched(self) -> int:
        # The pid is known before the shell's child has become the program: until then it isn't recognised as ours.
        # Meanwhile its command line is the shell's, or empty for a moment, so only its absence says that it ended.
        pid = self._recorded()
        assert pid is not None, "the launcher writes the pid file before it ends"
        deadline = time.monotonic() + 2
        while not self._is_ours(pid) and Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
            time.sleep(0.001)
        return pid

    def _recorded(self) -> int | None:
        try:
            return int(self.pidfile.read_text())
        except (FileNotFoundError, ValueError):
            return None

    def _is_ours(self, pid: int) -> bool:
        return _command_line(pid)[: len(self.argv)] == self.argv

    @contextmanager
    def _handle(self) -> Iterator[int | None]:
        """A handle on the running process: unlike a pid, it can't come to mean another one between look and signal."""
        pid = self._recorded()
        try:
            handle = os.pidfd_open(pid) if pid else None
        except OSError:
            handle = None
        try:
            yield handle if handle is not None and self.running() == pid else None
        finally:
            if handle is not None:
                os.close(handle)


def _command_line(pid: int) -> tuple[str, ...]:
    """The arguments of a process; empty when it is gone, or ended and not reaped yet."""
    try:
        return tuple(Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1])
    except (FileNotFoundError, ProcessLookupError):
        return ()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


async def _end(handle: int, grace: float) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(handle, ended.set)  # a process's handle becomes readable when the process ends
    try:
        signal.pidfd_send_signal(handle, signal.SIGTERM)
        try:
            async with asyncio.timeout(grace):
                await ended.wait()
        except TimeoutError:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            await ended.wait()
    except ProcessLookupError:
        return
    finally:
        loop.remove_reader(handle)
