"""The volume: a directory that outlives releases (S5.5). One for each instance ordinal of the process types that have it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from shipway.domain.errors import Conflict, Invalid
from shipway.domain.process import process_name

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_PATH = re.compile(r"(?=.{2,200}$)(/(?!\.\.?(/|$))[A-Za-z0-9_.@+-]+)+")
#: What is Shipway's or the kernel's; neither these, nor what is in them, nor what they are in.
RESERVED = ("/etc/config", "/run/secrets", "/proc", "/sys", "/dev")


@dataclass(frozen=True, slots=True)
class Volume:
    """That a service has a volume, and where its instances find it."""

    name: str
    #: Absolute.
    path: str
    #: The one process type whose instances have it; empty: all do.
    process: str = ""

    def is_for(self, process: str) -> bool:
        """Whether instances of that type have it."""
        return self.process in ("", process)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """What one volume is for: instance `web.2` of every release has the same `data`."""

    name: str
    process: str
    ordinal: int

    def __str__(self) -> str:
        return f"{self.name}.{self.process}.{self.ordinal}"


def places(volumes: Iterable[Volume], instances: Iterable[str]) -> frozenset[Place]:
    """What instances of those names have of such volumes."""
    parts = {tuple(name.rsplit(".", 2)[1:]) for name in instances}
    return frozenset(
        Place(volume.name, process, int(ordinal))
        for volume in volumes
        for process, ordinal in parts
        if volume.is_for(process)
    )


def check_volumes(volumes: Iterable[Volume]) -> None:
    """Raise `Invalid` when one of these can't be a volume, `Conflict` when two can't be of one service."""
    known = tuple(volumes)
    for volume in known:
        _check(volume)
    for one, other in combinations(known, 2):
        if one.name == other.name:
            raise Conflict(f"There are two volumes {one.name}.", hint="Give one of them another name.")
        if one.is_for(other.process) or other.is_for(one.process):
            _check_apart(one, other)


def _check(volume: Volume) -> None:
    if not _NAME.fullmatch(volume.name):
        raise Invalid(
            f"{volume.name!r} can't name a volume.",
            hint="Use at most 40 lower-case letters, digits and dashes, a letter first: data.",
        )
    if volume.process:
        process_name(volume.process)
    if not _PATH.fullmatch(volume.path):
        raise Invalid(
            f"The volume {volume.name} can't be at {volume.path!r}.",
            hint="Write a whole path of letters, digits and . _ - @ +, with no .. in it and no slash at its end: /data.",
        )
    for reserved in RESERVED:
        if _within(volume.path, reserved) or _within(reserved, volume.path):
            raise Invalid(
                f"The volume {volume.name} can't be at {volume.path}: it would hide {reserved}, or be hidden by it.",
                hint="Choose a directory of the app's own, such as /data.",
            )


def _check_apart(one: Volume, other: Volume) -> None:
    if _within(one.path, other.path) or _within(other.path, one.path):
        raise Conflict(
            f"The volumes {one.name} at {one.path} and {other.name} at {other.path} would be in each other.",
            hint="Put them side by side, or have one volume with two directories in it.",
        )


def _within(path: str, directory: str) -> bool:
    return path == directory or path.startswith(f"{directory}/")
