"""File sets as directories: what is published is seen whole, whatever is interrupted."""

import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from shipway.engines.docker.file_sets import Directories

OLD = {"app.toml": b"old", "nginx/conf.d/a.conf": b"old", "gone": b"old", "turns": b"old"}
NEW = {"app.toml": b"new", "nginx/conf.d/a.conf": b"new", "added/b": b"new", "turns/into": b"new"}
_CHANGES = {"open", "os.mkdir", "os.rename", "os.symlink", "os.remove", "os.rmdir", "os.chmod", "shutil.rmtree"}

_listeners: list[Callable[[], None]] = []


class Killed(BaseException):
    """The process is gone."""


def _heard(event: str, _: object) -> None:
    if _listeners and event in _CHANGES:
        _listeners[0]()


sys.addaudithook(_heard)


@contextmanager
def dying(at: int) -> Iterator[list[int]]:
    """The process ends at its so-many-th act on the disk."""
    count = [0]

    def act() -> None:
        count[0] += 1
        if count[0] > at:
            raise Killed

    _listeners.append(act)
    try:
        yield count
    finally:
        _listeners.clear()


def seen(mount: Path) -> dict[str, bytes]:
    """What an app that looks for any of the files finds."""
    return {path: (mount / path).read_bytes() for path in {**OLD, **NEW} if (mount / path).is_file()}


def everything(mount: Path) -> dict[str, bytes]:
    """What is below the link that all files go through, where there is something."""
    data = (mount / "..data").resolve()
    return {str(path.relative_to(data)): path.read_bytes() for path in data.rglob("*") if path.is_file()}


def names(mount: Path) -> set[str]:
    return {entry.name for entry in mount.iterdir() if not entry.name.startswith("..")}


def test_a_crash_between_any_two_steps_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    ends: list[Mapping[str, bytes]] = []
    for at in range(100):
        sets = Directories(tmp_path / str(at))
        sets.publish("app", OLD)
        mount = sets.path("app")
        try:
            with dying(at):
                sets.publish("app", NEW)
        except Killed:
            assert seen(mount) in (OLD, NEW)
            assert everything(mount) == seen(mount)
            ends.append(seen(mount))
            sets.publish("app", NEW)
        else:
            break
        assert seen(mount) == everything(mount) == NEW
        assert names(mount) == {"app.toml", "nginx", "added", "turns"}
    assert OLD in ends and NEW in ends


def test_what_a_crash_left_is_swept_by_what_comes_after(tmp_path: Path) -> None:
    sets = Directories(tmp_path)
    sets.publish("app", OLD)
    for at in range(0, 30, 3):
        with dying(at), pytest.raises(Killed):
            sets.publish("app", NEW)
        sets.publish("app", OLD)
    sets.publish("app", NEW)
    generations = [entry for entry in sets.path("app").iterdir() if entry.name.startswith("..")]
    assert len(generations) == 3, "the link, this generation and the one before"


def test_who_has_resolved_the_former_generation_still_reads_it_whole(tmp_path: Path) -> None:
    sets = Directories(tmp_path)
    sets.publish("app", OLD)
    resolved = (sets.path("app") / "..data").resolve()
    sets.publish("app", NEW)
    assert (resolved / "app.toml").read_bytes() == (resolved / "gone").read_bytes() == b"old"


def test_any_user_of_an_instance_can_read_them(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        sets = Directories(tmp_path)
        sets.publish("app", NEW)
    finally:
        os.umask(before)
    for path in sets.path("app").rglob("*"):
        if not path.is_symlink():
            wanted = 0o755 if path.is_dir() else 0o644
            assert stat.S_IMODE(path.stat().st_mode) == wanted, path
    assert stat.S_IMODE(sets.path("app").stat().st_mode) == 0o755
