"""What a build may use of the machine."""

import re
from dataclasses import dataclass

from shipway.domain.errors import Invalid

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)i?b?", re.IGNORECASE)
#: What the daemon itself needs besides the builds.
_OVERHEAD = 1 << 30
_LEAST_MEMORY = 64 << 20
_LEAST_DISK = 1 << 30
_LEAST_PIDS = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one build, and how many there may be. Sizes in bytes."""

    memory: int = 2 << 30
    #: CPUs' worth of time.
    cpus: float = 2.0
    #: Processes and threads.
    pids: int = 2048
    #: A workspace's whole build disk: cache, layers and what a running build writes.
    disk: int = 20 << 30
    #: Builds at the same time on this machine; more wait.
    concurrency: int = 2

    @property
    def total_memory(self) -> int:
        """What one sandbox may use in all, with as many builds in it as there may be."""
        return self.memory * self.concurrency + _OVERHEAD

    @property
    def kept_cache(self) -> int:
        """Size that the cache is brought down to when it has grown beyond it; the rest is for the build that runs."""
        return self.disk // 2


def limits(*, memory: str, cpus: str, pids: int, disk: str, concurrency: int) -> Limits:
    """The limits as settings say them. Raises `Invalid` naming the setting that makes no sense."""
    found = Limits(
        size("build_memory", memory), _number("build_cpus", cpus), pids, size("build_disk", disk), concurrency
    )
    least = {
        "build_memory": (found.memory, _LEAST_MEMORY, "64m"),
        "build_cpus": (found.cpus, 0.1, "0.1"),
        "build_pids": (found.pids, _LEAST_PIDS, str(_LEAST_PIDS)),
        "build_disk": (found.disk, _LEAST_DISK, "1g"),
        "build_concurrency": (found.concurrency, 1, "1"),
    }
    for name, (value, floor, shown) in least.items():
        if value < floor:
            raise Invalid(f"{name} is too little for any build.", hint=f"Set it to {shown} or more.")
    return found


def size(name: str, text: str) -> int:
    """Bytes of `512m` or `2g`; raises `Invalid` naming the setting."""
    match = _SIZE.fullmatch(text.strip())
    if not match:
        raise Invalid(f"{name} is {text!r}, not a size.", hint="Write a number with k, m or g, such as 2g.")
    return int(float(match[1]) * _UNITS[match[2].lower()])


def shown(size: int) -> str:
    """A size as people read it: `1.5 GB`, in the units that `size` reads."""
    for unit, suffix in ((1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "kB")):
        if size >= unit:
            return f"{size / unit:.1f}".removesuffix(".0") + f" {suffix}"
    return f"{size} B"


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise Invalid(f"{name} is {text!r}, not a number.", hint="Write the number of CPUs, such as 1.5.") from error
