"""Uploads: archives of working directories, kept until a deployment takes them."""

from collections.abc import AsyncIterator
from typing import Protocol, runtime_checkable

from shipway.domain.errors import Conflict
from shipway.operations.access import Actor
from shipway.pipeline.platform import Platform

#: Bytes of one archive.
MOST = 1024 * 1024 * 1024


class Uploads(Protocol):
    """Where archives are kept."""

    async def save(self, stream: AsyncIterator[bytes], limit: int) -> str:
        """Keep what the stream holds and return its SHA-256 (hex)."""


@runtime_checkable
class TakesUploads(Protocol):
    """Sources that can be sent to."""

    @property
    def uploads(self) -> Uploads:
        """Where they go."""


async def save_upload(platform: Platform, _actor: Actor, stream: AsyncIterator[bytes]) -> str:
    """Keep an archive of source code, whoever sends it; returns its SHA-256, by which a deployment asks for it."""
    if not isinstance(platform.sources, TakesUploads):
        raise Conflict("This installation takes no uploads.", hint="Deploy from git or from an image.")
    return await platform.sources.uploads.save(stream, MOST)
