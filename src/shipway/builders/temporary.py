"""Directories for secrets and other things of a moment: gone with their block, and found when a kill left them behind."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: Seconds after which a directory that nobody holds is taken for left behind; before, it may just have been made.
_ABANDONED_AFTER = 60.0


@contextmanager
def temporary(prefix: str, within: Path | None = None) -> Iterator[Path]:
    """A directory that only its owner can enter, held as long as the block; first removes those nobody holds any more.

    `within`: the directory for it, where it is to be too large for that of temporary files, which may be memory.
    """
    place = within or Path(tempfile.gettempdir())
    _sweep(place, prefix)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=place) as name:
        descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield Path(name)
        finally:
            os.close(descriptor)


def _sweep(place: Path, prefix: str) -> None:
    for path in place.glob(f"{prefix}*"):
        with suppress(OSError):
            seen = path.lstat()
            if seen.st_uid == os.geteuid() and time.time() - seen.st_mtime > _ABANDONED_AFTER:
                _remove_unless_held(path)


def _remove_unless_held(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        # Whoever made it holds this lock for as long as it lives, and no longer.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(descriptor)
