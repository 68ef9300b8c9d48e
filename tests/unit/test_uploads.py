"""The store of uploaded archives."""

import asyncio
import hashlib
import io
import os
import stat
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.git import tree

from shipway.domain.errors import LimitReached, SourceFailed, Unavailable
from shipway.domain.source import Revision, UploadSource
from shipway.sources.upload import Uploads


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path)


def stored(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "uploads").iterdir())


def log(line: str) -> None:
    """Nobody reads it."""


async def test_an_upload_is_kept_by_its_digest_and_readable_by_us_alone(uploads: Uploads, tmp_path: Path) -> None:
    digest = await uploads.save(chunks(b"one ", b"two"), limit=100)
    assert digest == hashlib.sha256(b"one two").hexdigest()
    assert stored(tmp_path) == [f"{digest}.tar.gz"]
    assert stat.S_IMODE((tmp_path / "uploads").stat().st_mode) == 0o700


async def test_the_same_content_is_kept_once(uploads: Uploads, tmp_path: Path) -> None:
    digests = await asyncio.gather(*(uploads.save(chunks(b"same"), limit=100) for _ in range(5)))
    assert len(set(digests)) == len(stored(tmp_path)) == 1


async def test_more_than_the_limit_is_refused_and_nothing_kept(uploads: Uploads, tmp_path: Path) -> None:
    with pytest.raises(LimitReached, match="larger than") as caught:
        await uploads.save(chunks(b"x" * 60, b"x" * 41), limit=100)
    assert caught.value.hint
    assert stored(tmp_path) == []
    assert await uploads.save(chunks(b"x" * 60, b"x" * 40), limit=100)


async def test_a_stream_that_breaks_off_leaves_nothing(uploads: Uploads, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await uploads.save(broken(), limit=100)
    assert stored(tmp_path) == []


async def test_a_disk_that_fails_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("no directory")
    with pytest.raises(Unavailable, match="can't be stored"):
        await Uploads(tmp_path / "home").save(chunks(b"x"), limit=100)


async def test_what_was_saved_is_resolved_and_unpacked(uploads: Uploads, tmp_path: Path) -> None:
    digest = await uploads.save(chunks(archive({"app.py": b"1"})), limit=10_000)
    checkout = await uploads.resolve(UploadSource("api"), Revision(upload=digest), log)
    assert (checkout.kind, checkout.revision, checkout.subdirectory) == ("upload", digest, "api")
    (tmp_path / "target").mkdir()
    await uploads.place(digest, tmp_path / "target")
    assert tree(tmp_path / "target") == {"app.py": "1"}


async def test_what_is_no_archive_is_noticed_when_it_is_deployed(uploads: Uploads, tmp_path: Path) -> None:
    digest = await uploads.save(chunks(b"no archive"), limit=100)
    (tmp_path / "target").mkdir()
    with pytest.raises(SourceFailed) as caught:
        await uploads.place(digest, tmp_path / "target")
    assert caught.value.code == "bad-archive"


@pytest.mark.parametrize("digest", ["", "0" * 64, "../../etc/passwd", "a" * 63 + "/"])
async def test_an_upload_that_is_not_there_is_unknown(uploads: Uploads, digest: str) -> None:
    with pytest.raises(SourceFailed) as caught:
        await uploads.resolve(UploadSource(), Revision(upload=digest), log)
    assert caught.value.code == "unknown-upload"


async def test_cancelling_stops_the_unpacking_before_it_returns(uploads: Uploads, tmp_path: Path) -> None:
    digest = await uploads.save(chunks(archive({f"{n}": b"x" for n in range(4_000)})), limit=10**7)
    target = tmp_path / "target"
    target.mkdir()
    unpacking = asyncio.create_task(uploads.place(digest, target))
    while not os.listdir(target):  # noqa: PTH208 - a thread's progress has no event
        await asyncio.sleep(0.001)
    unpacking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await unpacking
    written = len(os.listdir(target))  # noqa: PTH208
    await asyncio.sleep(0.05)
    assert len(os.listdir(target)) == written < 4_000  # noqa: PTH208


async def test_old_uploads_are_pruned_except_those_still_needed(uploads: Uploads, tmp_path: Path) -> None:
    old, needed, young = [await uploads.save(chunks(content), limit=100) for content in (b"1", b"2", b"3")]
    for digest in (old, needed):
        os.utime(tmp_path / "uploads" / f"{digest}.tar.gz", (1, 1))
    assert await uploads.prune(3600, keep={needed}) == [old]
    assert stored(tmp_path) == sorted(f"{digest}.tar.gz" for digest in (needed, young))


async def test_sending_again_makes_an_upload_young_again(uploads: Uploads, tmp_path: Path) -> None:
    digest = await uploads.save(chunks(b"1"), limit=100)
    os.utime(tmp_path / "uploads" / f"{digest}.tar.gz", (1, 1))
    await uploads.save(chunks(b"1"), limit=100)
    assert await uploads.prune(3600, keep=set()) == []


async def test_the_remains_of_a_crash_go_after_a_day(uploads: Uploads, tmp_path: Path) -> None:
    await uploads.save(chunks(b"1"), limit=100)
    for name, when in (("incoming-old", 1), ("incoming-now", None)):
        (tmp_path / "uploads" / name).touch()
        if when:
            os.utime(tmp_path / "uploads" / name, (when, when))
    assert await uploads.prune(10**9, keep=set()) == []
    assert "incoming-now" in stored(tmp_path)
    assert "incoming-old" not in stored(tmp_path)


async def test_there_is_nothing_to_prune_before_the_first_upload(uploads: Uploads) -> None:
    assert await uploads.prune(0, keep=set()) == []
