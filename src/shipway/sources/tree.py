"""A directory that is to hold exactly one revision, whatever happened to it before."""

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from shipway.domain.artifacts import Checkout
from shipway.domain.errors import SourceFailed, Unavailable
from shipway.domain.log import Log


async def ensure_tree(checkout: Checkout, directory: Path, fill: Callable[[Path], Awaitable[None]]) -> None:
    """Make `directory` hold the revision, by `fill`ing it anew unless that was done before, to the end.

    The note of that is a file beside the directory and written last: inside, it would get into the image.
    """
    marker = directory.with_name(f"{directory.name}.complete")
    identity = f"{checkout.kind} {checkout.revision} {checkout.location}\n"
    if _holds(directory, marker, identity):
        return
    marker.unlink(missing_ok=True)
    await asyncio.to_thread(_make_empty, directory)
    await fill(directory)
    marker.write_text(identity)


@contextmanager
def disk_trouble() -> Iterator[None]:
    """Turns what this machine's disk can do wrong into `Unavailable`: it is nobody's mistake, and may pass."""
    try:
        yield
    except (TimeoutError, ConnectionError):
        raise  # whoever sends an upload, not the disk
    except OSError as error:
        raise Unavailable(f"The source can't be stored: {error}.", hint="Check this machine's disk.") from error


def service_root(checkout: Checkout, directory: Path) -> Path:
    """The service's own directory in the tree; raises `SourceFailed` (`no-such-directory`)."""
    root = directory / checkout.subdirectory.strip("/")
    if root.is_dir() and _is_inside(directory, root):
        return root
    existing = sorted(entry.name for entry in directory.iterdir() if entry.is_dir())
    raise SourceFailed(
        f"The source has no directory {checkout.subdirectory!r}.",
        code="no-such-directory",
        hint=f"Directories at its root: {', '.join(existing[:20])}." if existing else "It has no directories at all.",
    )


def links_leading_out(root: Path) -> list[Path]:
    """Symbolic links below `root` that lead out of it, by an absolute path or by `..`.

    Whoever reads the tree on this machine would follow them to files of the machine, or of another workspace.
    """
    links = (
        Path(parent, name)
        for parent, directories, files in os.walk(root)
        for name in (*directories, *files)
        if Path(parent, name).is_symlink()
    )
    return sorted(link for link in links if not _is_inside(root, link))


async def drop_links_leading_out(root: Path, log: Log) -> None:
    """Remove them, saying so."""
    for link in await asyncio.to_thread(links_leading_out, root):
        log(f"Left out {link.relative_to(root)}: it is a link to {link.readlink()}, outside the source.")
        link.unlink()


def _holds(directory: Path, marker: Path, identity: str) -> bool:
    return directory.is_dir() and marker.exists() and marker.read_text() == identity


def _is_inside(root: Path, path: Path) -> bool:
    if path.is_symlink() and path.readlink().is_absolute():
        return False
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))


def _make_empty(directory: Path) -> None:
    if directory.is_symlink() or directory.is_file():
        directory.unlink()
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
