"""Looking for a secret everywhere that it must not be."""

import asyncio
import gzip
import io
import subprocess
import tarfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path


def in_image(image: str, secrets: Iterable[str], engine: str = "") -> list[str]:
    """The files of an image's layers, its configuration and its history that hold one of them; on an engine elsewhere too."""
    docker = ["docker", *(["--host", engine] if engine else [])]
    saved = subprocess.run([*docker, "save", image], check=True, capture_output=True).stdout
    history = subprocess.run([*docker, "history", "--no-trunc", image], check=True, capture_output=True).stdout
    needles = [secret.encode() for secret in secrets]
    found = ["docker history"] if any(needle in history for needle in needles) else []
    return [*found, *_in_archive(saved, needles, image, layers=True)]


def _in_archive(data: bytes, needles: list[bytes], where: str, *, layers: bool = False) -> list[str]:
    """`layers`: whether archives in it are looked into. Those in layers are not: among Go's own tests is one of 60 GB."""
    found = []
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            if not member.isfile() or (file := archive.extractfile(member)) is None:
                continue
            content = file.read()
            name = f"{where}/{member.name}"
            if any(needle in content for needle in needles):
                found.append(name)
            content = gzip.decompress(content) if layers and content.startswith(b"\x1f\x8b") else content
            if layers and content[257:262] == b"ustar":
                found += _in_archive(content, needles, name)
    return found


def in_files(directory: Path, secrets: Iterable[str]) -> list[str]:
    """The files under a directory that hold one of them."""
    needles = [secret.encode() for secret in secrets]
    paths = (path for path in directory.rglob("*") if path.is_file())
    return [str(path) for path in paths if any(needle in path.read_bytes() for needle in needles)]


@asynccontextmanager
async def watched_processes(secrets: Iterable[str]) -> AsyncIterator[list[str]]:
    """Command lines of this machine that hold one of them, as long as the block lasts: what `ps` would show."""
    needles = [secret.encode() for secret in secrets]
    found: list[str] = []
    looked = asyncio.Event()

    async def look() -> None:
        while True:
            found.extend(line for line in _command_lines() if any(needle in line.encode() for needle in needles))
            looked.set()
            await asyncio.sleep(0.03)

    task = asyncio.create_task(look())
    try:
        await looked.wait()
        yield found
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _command_lines() -> Iterable[str]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                yield (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
