"""Builds stand back: a control group above all sandboxes, whose processes run when nobody else wants to.

It stands at the top, beside the groups of apps and of the proxy: there the kernel compares them. Shares alone let a build
finish its turn before an app that was asleep gets the CPU; processes of an idle group (`cpu.idle`, Linux 5.15) are put off at
once. They also starve where others leave nothing, and a machine that a runaway app keeps busy must still build what mends it:
there, builds go by their shares until it is calmer.
"""

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from shipway.domain.log import Log

#: Others' part of the CPUs' time from which builds no longer stand back, and under which they do so again. In between is what
#: others have where builds take all of their shares.
_CROWDED, _CALM = 0.95, 0.75
#: Of the group, beside 1024 of the apps' (control groups v1) and 100 (v2): a ninth where others leave nothing.
_SHARES, _WEIGHT = "128", "12"
_TICKS = os.sysconf("SC_CLK_TCK")
#: Seconds between two looks at how busy others are.
PERIOD = 5.0


def parent(installation: str, driver: str) -> str:
    """What an engine with this cgroup driver takes as `CgroupParent` for a group at the top."""
    # A dash in a slice's name would put it below another slice.
    return f"{installation.replace('-', '_')}.builds.slice" if driver == "systemd" else f"/{installation}.builds"


def stand_back(before: bool, others: float) -> bool:
    """Whether builds are to stand back, by whether they did and the part of the CPUs' time that others used meanwhile."""
    return others < (_CROWDED if before else _CALM)


@dataclass(frozen=True, slots=True)
class Usage:
    """Seconds since the machine started, of all CPUs together."""

    passed: float = 0.0
    used: float = 0.0
    builds: float = 0.0
    cpus: int = 1

    def others(self, since: "Usage") -> float:
        """Part of the time since then that others than builds used; 0 when no time has passed."""
        # A group that was made anew counts from 0.
        others = self.used - since.used - max(self.builds - since.builds, 0.0)
        return max(others, 0.0) / (self.passed - since.passed) if self.passed > since.passed else 0.0


@dataclass(slots=True)
class Priority:
    """The group above an installation's sandboxes. Where the kernel has no `cpu.idle`, shares are what counts."""

    #: As `parent` gives it.
    name: str
    root: Path = Path("/sys/fs/cgroup")
    statistics: Path = Path("/proc/stat")
    _back: bool = True
    _told: bool = False
    _then: Usage = field(default_factory=Usage)

    @property
    def possible(self) -> bool:
        """Whether groups can be set here: where they can't, sandboxes stay below the engine's own."""
        return os.access(self._hierarchy / "cgroup.procs", os.W_OK)

    def settle(self, log: Log) -> None:
        """Set the group, which is there once a sandbox runs. What can't be is told once."""
        if not self._settled() and not self._told:
            self._told = True
            log(" !     Builds can't be put off at once for apps: cpu.idle can't be set here. They get smaller shares.")

    def judge(self) -> None:
        """Set it anew, by how busy others kept the CPUs since the last time; unless that was just now, or long ago."""
        with suppress(OSError, ValueError):
            now = self._usage()
            seconds = (now.passed - self._then.passed) / now.cpus
            if seconds < PERIOD * 0.8:
                return
            if seconds < PERIOD * 4:
                self._back = stand_back(self._back, now.others(self._then))
            self._then = now
        self._settled()

    def remove(self) -> None:
        """Remove the group, when nothing is in it; systemd removes its slices itself."""
        for hierarchy in (self.root, *self.root.iterdir()):
            with suppress(OSError):
                (hierarchy / self.name.lstrip("/")).rmdir()

    def _settled(self) -> bool:
        """Whether the kernel knows more than shares, and was told."""
        group = self._hierarchy / self.name.lstrip("/")
        with suppress(OSError):
            _set(group, back=self._back)
            return (group / "cpu.idle").exists()
        return False

    def _usage(self) -> Usage:
        text = self.statistics.read_text()
        ticks = [int(each) for each in text.splitlines()[0].split()[1:9]]
        passed, unused = sum(ticks), ticks[3] + ticks[4]
        return Usage(passed / _TICKS, (passed - unused) / _TICKS, self._builds(), max(text.count("\ncpu"), 1))

    def _builds(self) -> float:
        """0 when no sandbox runs."""
        group = self.name.lstrip("/")
        with suppress(FileNotFoundError):
            if self._unified:
                words = (self.root / group / "cpu.stat").read_text().split()
                return int(words[words.index("usage_usec") + 1]) / 1e6
            return int((self.root / "cpuacct" / group / "cpuacct.usage").read_text()) / 1e9
        return 0.0

    @property
    def _unified(self) -> bool:
        return (self.root / "cgroup.controllers").exists()

    @property
    def _hierarchy(self) -> Path:
        return self.root if self._unified else self.root / "cpu"


def _set(group: Path, *, back: bool) -> None:
    """The kernel takes shares of no group that is idle: first it has to be an ordinary one."""
    idle, shares, weight = (group / name for name in ("cpu.idle", "cpu.shares", "cpu.weight"))
    if idle.exists():
        if back and idle.read_text().strip() == "1":
            return
        idle.write_text("0")
    if shares.exists():
        shares.write_text(_SHARES)
    else:
        weight.write_text(_WEIGHT)
    if back and idle.exists():
        idle.write_text("1")
