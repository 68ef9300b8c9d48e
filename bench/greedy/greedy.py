"""Takes all it can get of one thing: `greedy.py cpu|memory|disk|processes SECONDS`. Standard library only."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

MEGABYTE = 1 << 20
JOBS = 8


def cpu() -> None:
    """As `make -j8` would."""
    sum(number * number for number in range(100_000))


held = bytearray()


def memory() -> None:
    """A gigabyte, each page of it touched again and again."""
    if not held:
        held.extend(bytes(1024 * MEGABYTE // JOBS))
    for page in range(0, len(held), 4096):
        held[page] = (held[page] + 1) % 256


def disk() -> None:
    """Files that are written out, and written anew."""
    with Path(f"/var/tmp/greedy-{os.getpid()}").open("wb") as file:
        for _ in range(32):
            file.write(os.urandom(MEGABYTE))
        file.flush()
        os.fsync(file.fileno())


def processes() -> None:
    """As a configure script would, only more so."""
    children = [pid for pid in (os.fork() for _ in range(20)) if pid or os._exit(0)]
    for pid in children:
        os.waitpid(pid, 0)


def main(act: Callable[[], None], seconds: float) -> None:
    """Do it in several processes until the time is up."""
    print(f"{act.__name__}: begins", flush=True)
    until = time.monotonic() + seconds
    for _ in range(JOBS - 1):
        if os.fork() == 0:
            break
    while time.monotonic() < until:
        act()


main({act.__name__: act for act in (cpu, memory, disk, processes)}[sys.argv[1]], float(sys.argv[2]))
