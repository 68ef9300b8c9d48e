"""Ending what runs in a container from outside, through `/proc` of this machine: Docker starts a command in a container, but
has no call that ends it."""

import os
import signal
from contextlib import suppress
from pathlib import Path

#: A process may start another just before it is killed: so often its session is looked at again.
_ROUNDS = 10


def kill_session(session: int, container: str) -> None:
    """SIGKILL all processes of a session in a container; `session` is the pid of the command that leads it.

    Silently does nothing where that can't be: with an engine on another machine, or without the right to.
    """
    for _ in range(_ROUNDS):
        killed = [_kill(pid, session, container) for pid in _pids()]
        if not any(killed):
            return


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def _kill(pid: int, session: int, container: str) -> bool:
    """Kill it if it belongs there. The descriptor is taken first: should the pid be another's by then, nobody is hit."""
    if _session(pid) != session:
        return False
    with suppress(OSError):
        descriptor = os.pidfd_open(pid)
        try:
            if _session(pid) == session and container in Path(f"/proc/{pid}/cgroup").read_text():
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                return True
        finally:
            os.close(descriptor)
    return False


def _session(pid: int) -> int:
    """0 when it is gone, or dead and not reaped yet."""
    try:
        # The name in parentheses may hold anything, spaces and parentheses too.
        state, _parent, _group, session = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:4]
    except (OSError, ValueError):
        return 0
    return 0 if state in "ZX" else int(session)
