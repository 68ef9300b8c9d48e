"""Unpacking an archive that somebody sent: nothing outside the directory, nothing special, no more than allowed."""

import errno
import os
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Self

from shipway.domain.errors import SourceFailed
from shipway.sources.tree import links_leading_out

#: Bytes of a header that names a file: a longer one is an attempt to fill the memory.
_LONGEST_HEADER = 1024 * 1024
_EXTENDED = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
#: Errors that the archive is to blame for, not the disk.
_BAD_PATH = (errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EILSEQ)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much one archive may unpack to."""

    #: Of all files together.
    bytes: int = 2 * 1024**3
    #: Files, directories and links.
    entries: int = 200_000


def unpack(archive: Path, directory: Path, bounds: Bounds, stopped: Callable[[], bool] = lambda: False) -> None:
    """Unpack a gzip-compressed tar file into the empty `directory`. Ends early, silently, once `stopped` says so.

    Modes are reduced to "executable or not". Raises `SourceFailed` (`bad-archive`) for what is no such archive, for one
    with an absolute path, `..`, a device, or a link that leads out, and for one beyond `bounds`; what was unpacked
    until then stays. `OSError` when the disk fails.
    """
    links: list[tuple[Path, str]] = []
    try:
        _unpack_files(archive, directory, bounds, stopped, links)
        # Only now that all files are written: nothing can be written through a link.
        for path, destination in links:
            _make_link(path, destination)
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise _bad(f"it can't be read to its end ({error})") from error
    except OSError as error:
        if error.errno not in _BAD_PATH:
            raise
        raise _bad(f"its paths contradict each other or are too long ({error.strerror})") from error
    if outside := links_leading_out(directory):
        raise _bad(f"the link {outside[0].relative_to(directory)} leads out of it")


def _unpack_files(
    archive: Path, directory: Path, bounds: Bounds, stopped: Callable[[], bool], links: list[tuple[Path, str]]
) -> None:
    with tarfile.open(archive, "r|gz", tarinfo=_Header, errorlevel=2) as tar:
        room = _Room(bounds)
        for entry in tar:
            if stopped():
                return
            room.take(entry)
            if target := _target(entry, directory):
                _place(tar, entry, target, directory, links)


class _Header(tarfile.TarInfo):
    """An entry whose preceding name or attributes are not unreasonably long."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        header = super().frombuf(buf, encoding, errors)
        if header.type in _EXTENDED and header.size > _LONGEST_HEADER:
            raise _bad("a file's name or attributes are too long")
        return header


class _Room:
    """What is left of the bounds."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds, self._bytes, self._entries = bounds, bounds.bytes, bounds.entries

    def take(self, entry: tarfile.TarInfo) -> None:
        self._entries -= 1
        self._bytes -= max(entry.size, 0)
        if self._entries < 0:
            raise _bad(f"it holds more than {self._bounds.entries} files")
        if self._bytes < 0:
            raise _bad(f"it unpacks to more than {self._bounds.bytes // 1024**2} MiB")


def _target(entry: tarfile.TarInfo, directory: Path) -> Path | None:
    """Where the entry goes; `None` for the root itself and for git's own data."""
    path = PurePosixPath(entry.name)
    if path.is_absolute() or ".." in path.parts or "\0" in entry.name:
        raise _bad(f"the path {entry.name[:200]!r} leads out of it")
    if ".git" in path.parts or not path.parts:
        return None
    return directory.joinpath(*path.parts)


def _place(
    tar: tarfile.TarFile, entry: tarfile.TarInfo, target: Path, directory: Path, links: list[tuple[Path, str]]
) -> None:
    if entry.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if entry.isreg():
        _write(tar, entry, target)
    elif entry.issym():
        links.append((target, entry.linkname))
    elif entry.islnk():
        _copy(PurePosixPath(entry.linkname), directory, target)
    else:
        raise _bad(f"{entry.name[:200]!r} is a device or a pipe")


def _write(tar: tarfile.TarFile, entry: tarfile.TarInfo, target: Path) -> None:
    content = tar.extractfile(entry)
    assert content is not None, "a regular file has content"
    with target.open("wb") as file:
        shutil.copyfileobj(content, file)
        os.fchmod(file.fileno(), 0o755 if entry.mode & 0o100 else 0o644)


def _copy(source: PurePosixPath, directory: Path, target: Path) -> None:
    """A hard link: to a file that was unpacked already, or to nothing we know."""
    original = directory.joinpath(*source.parts)
    if source.is_absolute() or ".." in source.parts or not original.is_file():
        raise _bad(f"the link to {str(source)[:200]!r} leads out of it")
    target.unlink(missing_ok=True)
    os.link(original, target)


def _make_link(path: Path, destination: str) -> None:
    if path.is_dir() and not path.is_symlink():
        raise _bad(f"{path.name!r} is both a directory and a link")
    path.unlink(missing_ok=True)
    path.symlink_to(destination)


def _bad(reason: str) -> SourceFailed:
    return SourceFailed(
        f"The uploaded archive is refused: {reason}.",
        code="bad-archive",
        hint="Send it with shipway deploy, or as a plain tar.gz of the directory.",
    )
