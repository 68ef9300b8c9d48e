"""Packing a working directory for upload: what git would take, in the same bytes each time.

The command line sends it; the server knows it by its SHA-256, so the same tree is the same upload.
"""

import gzip
import os
import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from pathspec import GitIgnoreSpec

from shipway.domain.errors import Invalid

#: Files of patterns, in each directory; the later one has the last word.
IGNORE_FILES = (".gitignore", ".shipwayignore")
#: Never sent, whatever the patterns say: made from the source, or no part of it.
ALWAYS_LEFT_OUT = frozenset({".git", "node_modules", ".venv", "__pycache__"})


@dataclass(frozen=True, slots=True)
class PackReport:
    """What an archive holds."""

    #: Files and links.
    files: int
    #: Bytes of the files before compression.
    bytes: int
    #: Paths that can't be sent: links that lead out of the directory, sockets, pipes, devices.
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Patterns:
    """The patterns of one directory, and of those above it."""

    directory: str
    specs: tuple[GitIgnoreSpec, ...]
    above: "_Patterns | None"

    def ignores(self, path: str) -> bool:
        """Whether `path` (with a slash at its end for a directory) is left out: the nearest pattern decides."""
        relative = path.removeprefix(f"{self.directory}/")
        for spec in reversed(self.specs):
            if (decision := spec.check_file(relative).include) is not None:
                return decision
        return self.above is not None and self.above.ignores(path)


def pack(directory: Path, target: BinaryIO) -> PackReport:
    """Write `directory` to `target` as a tar.gz that depends on names, contents and executable bits alone.

    Left out: what `.gitignore` and `.shipwayignore` say, in every directory, and `ALWAYS_LEFT_OUT`. Links are kept as
    links while they stay inside. Raises `Invalid` when `directory` is none, or a file can't be read or changes
    meanwhile.
    """
    if not directory.is_dir():
        raise Invalid(f"{directory} is not a directory.", hint="Give the directory that holds the app.")
    files, size, left_out = 0, 0, []
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=target, mtime=0, compresslevel=6) as compressed,
        tarfile.open(fileobj=compressed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in _walk(directory, "", None):
            entry = _entry(directory, path)
            if entry is None:
                left_out.append(path)
                continue
            _add(tar, entry, directory / path)
            files += not entry.isdir()
            size += entry.size
    return PackReport(files, size, tuple(left_out))


def _walk(root: Path, parent: str, above: _Patterns | None) -> Iterator[str]:
    """Paths below `parent` that are not ignored, each directory before what is in it, in the order of their bytes."""
    patterns = _Patterns(parent, tuple(_specs(root / parent)), above)
    try:
        entries = sorted(os.scandir(root / parent), key=lambda entry: os.fsencode(entry.name))
    except OSError as error:
        raise _unreadable(root / parent, error) from error
    for entry in entries:
        path = f"{parent}/{entry.name}" if parent else entry.name
        is_directory = entry.is_dir(follow_symlinks=False)
        if entry.name in ALWAYS_LEFT_OUT or patterns.ignores(f"{path}/" if is_directory else path):
            continue
        yield path
        if is_directory:
            yield from _walk(root, path, patterns)


def _specs(directory: Path) -> Iterator[GitIgnoreSpec]:
    for name in IGNORE_FILES:
        file = directory / name
        if file.is_file():
            try:
                yield GitIgnoreSpec.from_lines(file.read_text(errors="surrogateescape").splitlines())
            except (OSError, ValueError) as error:
                raise _unreadable(file, error) from error


def _entry(root: Path, path: str) -> tarfile.TarInfo | None:
    """The archive's entry, without times, owners, or any mode but "executable"; `None` for what can't be sent."""
    status = (root / path).lstat()
    entry = tarfile.TarInfo(path)
    if stat.S_ISDIR(status.st_mode):
        entry.type, entry.mode = tarfile.DIRTYPE, 0o755
    elif stat.S_ISREG(status.st_mode):
        entry.size, entry.mode = status.st_size, 0o755 if status.st_mode & stat.S_IXUSR else 0o644
    elif stat.S_ISLNK(status.st_mode) and _stays_inside(root, path):
        entry.type, entry.mode, entry.linkname = tarfile.SYMTYPE, 0o777, str((root / path).readlink())
    else:
        return None
    return entry


def _stays_inside(root: Path, path: str) -> bool:
    """Whether a link leads to something in the directory, also when the directory has another name elsewhere."""
    destination = str((root / path).readlink())
    lexically = os.path.normpath(PurePosixPath(path).parent / destination)
    escapes = destination.startswith("/") or lexically == ".." or lexically.startswith("../")
    return not escapes and Path(os.path.realpath(root / path)).is_relative_to(os.path.realpath(root))


def _add(tar: tarfile.TarFile, entry: tarfile.TarInfo, path: Path) -> None:
    if not entry.isreg():
        tar.addfile(entry)
        return
    try:
        with path.open("rb") as content:
            tar.addfile(entry, content)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> Invalid:
    return Invalid(f"{path} can't be read: {error}.", hint="Correct that, or name it in .shipwayignore.")
