"""Uploads."""

from collections.abc import Iterator
from typing import IO

from shipway.client import models
from shipway.client.calls.asking import LONG, Asking


class Uploads(Asking):
    """What a directory is deployed from."""

    def upload(self, archive: IO[bytes]) -> str:
        """Send an archive; returns the digest that `deploy(upload=…)` takes."""
        headers = {"Content-Type": "application/gzip"}
        answer = self._ask(models.Upload, "POST", "/uploads", content=_chunks(archive), headers=headers, timeout=LONG)
        return answer["digest"]


def _chunks(file: IO[bytes], size: int = 1 << 18) -> Iterator[bytes]:
    while chunk := file.read(size):
        yield chunk
