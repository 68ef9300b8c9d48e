"""File sets as directories of the installation, replaced the way Kubernetes does it: by the swap of one symbolic link.

    <set>/app.toml -> ..data/app.toml       links, so that every file changes when `..data` does
    <set>/nginx    -> ..data/nginx
    <set>/..data   -> ..5f2c9a…             renamed over the former one: the instant in which all change
    <set>/..5f2c9a…/app.toml                what was published, named for what is in it; never changed

Links to what comes are there before the swap and lead nowhere until then; those to what goes are removed after it.
"""

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

_DATA = "..data"
_UNFINISHED = "..new-"


class Directories:
    """The sets below one directory. Blocking; one set is worked on by one caller at a time."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, name: str) -> Path:
        """Where a set is mounted from."""
        return self._root / name

    def names(self) -> set[str]:
        """Those that are there."""
        return {entry.name for entry in self._root.iterdir()} if self._root.is_dir() else set()

    def ensure(self, name: str) -> Path:
        """A set that may be mounted: as it is, else empty. Readable by any user of an instance."""
        directory = self.path(name)
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o755)
        return directory

    def publish(self, name: str, files: Mapping[str, bytes]) -> None:
        """See `FileSets.publish`."""
        directory = self.ensure(name)
        generation = _generation(files)
        if not (directory / generation).is_dir():
            _write(directory, generation, files)
        top = {path.partition("/")[0] for path in files}
        for entry in top:
            if not (directory / entry).is_symlink():
                (directory / entry).symlink_to(f"{_DATA}/{entry}")
        former = _target(directory / _DATA)
        if former != generation:
            _swap(directory, generation)
            _sweep_generations(directory, {generation, former})
        _sweep_links(directory, top)

    def withdraw(self, name: str) -> None:
        """See `FileSets.withdraw`."""
        shutil.rmtree(self.path(name), ignore_errors=True)


def _generation(files: Mapping[str, bytes]) -> str:
    seen = sha256()
    for path, content in sorted(files.items()):
        seen.update(f"{len(path)} {path} {len(content)} ".encode() + content)
    return f"..{seen.hexdigest()[:32]}"


def _write(directory: Path, generation: str, files: Mapping[str, bytes]) -> None:
    """Whole and on the disk before it has its name."""
    unfinished = directory / f"{_UNFINISHED}{secrets.token_hex(4)}"
    _make_directory(unfinished)
    for path, content in files.items():
        for parent in _parents(unfinished, unfinished / path):
            _make_directory(parent)
        _make_file(unfinished / path, content)
    for folder, _, _ in os.walk(unfinished):
        _flush(Path(folder))
    unfinished.rename(directory / generation)


def _make_directory(path: Path) -> None:
    if not path.is_dir():
        path.mkdir()
        path.chmod(0o755)


def _make_file(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        os.fchmod(file.fileno(), 0o644)
        file.flush()
        os.fsync(file.fileno())


def _parents(above: Path, path: Path) -> Iterator[Path]:
    """Outermost first."""
    return (parent for parent in reversed(path.parents) if parent.is_relative_to(above))


def _swap(directory: Path, generation: str) -> None:
    link = directory / f"{_UNFINISHED}{secrets.token_hex(4)}"
    link.symlink_to(generation)
    _flush(directory)
    link.rename(directory / _DATA)
    _flush(directory)


def _target(link: Path) -> str:
    return str(link.readlink()) if link.is_symlink() else ""


def _sweep_generations(directory: Path, kept: set[str]) -> None:
    """All but this one and the one before: who has resolved that still reads it whole."""
    for entry in directory.iterdir():
        if entry.is_dir() and not entry.is_symlink() and entry.name not in kept:
            shutil.rmtree(entry)


def _sweep_links(directory: Path, kept: set[str]) -> None:
    """Those to files that are no more, or that never came to be because of a crash."""
    for entry in directory.iterdir():
        if entry.is_symlink() and entry.name not in {*kept, _DATA}:
            entry.unlink()


def _flush(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
