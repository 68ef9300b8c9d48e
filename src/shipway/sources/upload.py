"""Uploaded working directories: kept as they were sent, by the SHA-256 of their archive (S1.6)."""

import asyncio
import hashlib
import os
import re
import secrets
import threading
import time
from collections.abc import AsyncIterator, Collection
from pathlib import Path

from shipway.domain.artifacts import Checkout
from shipway.domain.errors import LimitReached, SourceFailed
from shipway.domain.log import Log
from shipway.domain.source import Revision, UploadSource
from shipway.sources.tree import disk_trouble
from shipway.sources.unpack import Bounds, unpack

_DIGEST = re.compile(r"[0-9a-f]{64}")
#: Seconds after which an upload that never got to its end is removed.
_ABANDONED = 24 * 3600.0


class Uploads:
    """The archive store in `home/uploads`."""

    def __init__(self, home: Path, bounds: Bounds | None = None) -> None:
        """`bounds`: how much one archive may unpack to."""
        self._directory = home / "uploads"
        self._bounds = bounds or Bounds()

    async def save(self, stream: AsyncIterator[bytes], limit: int) -> str:
        """Keep what `stream` yields, and return its SHA-256, by which a deployment asks for it.

        Once it returns, the archive survives a crash. Raises `LimitReached` beyond `limit` bytes; then, and whenever
        the stream breaks off, nothing is kept; `Unavailable` when the disk is full. The archive is looked into only
        when it is deployed.
        """
        temporary = self._directory / f"incoming-{secrets.token_hex(8)}"
        with disk_trouble():
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                digest = await _write(stream, temporary, limit)
                temporary.replace(self._path(digest))
            finally:
                temporary.unlink(missing_ok=True)
            return digest

    async def resolve(self, source: UploadSource, revision: Revision, log: Log) -> Checkout:
        """Raises `SourceFailed` (`unknown-upload`) when there is none of that digest, or not any more."""
        if not _DIGEST.fullmatch(revision.upload) or not self._path(revision.upload).exists():
            raise _unknown(revision.upload)
        log(f"Using the uploaded archive {revision.upload[:12]}")
        return Checkout("upload", "", revision.upload, subdirectory=source.subdirectory)

    async def place(self, digest: str, directory: Path) -> None:
        """Unpack the archive into the empty `directory`; raises `SourceFailed` (`unknown-upload`, `bad-archive`)."""
        if not self._path(digest).exists():
            raise _unknown(digest)
        stopped = threading.Event()
        unpacking = asyncio.ensure_future(
            asyncio.to_thread(unpack, self._path(digest), directory, self._bounds, stopped.is_set)
        )
        try:
            await asyncio.shield(unpacking)
        except asyncio.CancelledError:
            # A thread can't be cancelled: wait until it has noticed, or it would write on into the next attempt.
            stopped.set()
            await asyncio.wait([unpacking])
            raise

    async def prune(self, older_than: float, keep: Collection[str]) -> list[str]:
        """Remove archives saved more than `older_than` seconds ago, except those in `keep`; return what was removed.

        Remains of uploads that broke off are removed as well, after a day.
        """
        return await asyncio.to_thread(self._prune, older_than, frozenset(keep))

    def _prune(self, older_than: float, keep: frozenset[str]) -> list[str]:
        for path in self._directory.glob("incoming-*"):
            if _age(path) > _ABANDONED:
                path.unlink(missing_ok=True)
        removed = []
        for path in sorted(self._directory.glob("*.tar.gz")):
            digest = path.name.removesuffix(".tar.gz")
            if digest not in keep and _age(path) > older_than:
                path.unlink(missing_ok=True)
                removed.append(digest)
        return removed

    def _path(self, digest: str) -> Path:
        return self._directory / f"{digest}.tar.gz"


async def _write(stream: AsyncIterator[bytes], path: Path, limit: int) -> str:
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as file:
        async for chunk in stream:
            size += len(chunk)
            if size > limit:
                raise LimitReached(
                    f"The upload is larger than {limit / 1024**2:.0f} MiB.",
                    hint="Leave out what the build does not need, by .gitignore or .shipwayignore.",
                )
            digest.update(chunk)
            await asyncio.to_thread(file.write, chunk)
        file.flush()
        await asyncio.to_thread(os.fsync, file.fileno())
    return digest.hexdigest()


def _unknown(digest: str) -> SourceFailed:
    return SourceFailed(
        f"There is no upload {digest[:12]!r}, or not any more." if digest else "No upload was named.",
        code="unknown-upload",
        hint="Send the directory again: shipway deploy.",
    )


def _age(path: Path) -> float:
    return time.time() - path.stat().st_mtime
