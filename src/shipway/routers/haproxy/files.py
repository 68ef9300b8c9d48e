"""The files a new HAProxy process comes up from, written so that a crash never leaves half of one."""

import os
from collections.abc import Mapping
from pathlib import Path

from shipway.domain.errors import Unavailable


def save(directory: Path, contents: Mapping[str, str]) -> None:
    """Make each file hold its content, in this order; those that already do are not touched.

    On return they are on the disk. Raises `Unavailable` when they can't be written; each is then old or new.
    """
    try:
        changed = [_replace(directory / name, text) for name, text in contents.items()]
        if any(changed):
            _sync(directory, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise Unavailable(
            f"The proxy's files can't be written: {error}.", hint=f"Check space and permissions of {directory}."
        ) from error


def _replace(path: Path, text: str) -> bool:
    if path.exists() and path.read_text() == text:
        return False
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(text)
    _sync(draft, os.O_RDONLY)
    draft.replace(path)
    return True


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
