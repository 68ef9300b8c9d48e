"""Unpacking what somebody sent: nothing outside, nothing special, no more than allowed."""

import gzip
import io
import os
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.git import tree

from shipway.domain.errors import SourceFailed
from shipway.sources.unpack import Bounds, unpack

Entry = tuple[tarfile.TarInfo, bytes]


def file(name: str, content: bytes = b"x", mode: int = 0o644) -> Entry:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    return entry, content


def special(name: str, kind: bytes, destination: str = "", mode: int = 0o755) -> Entry:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.mode = kind, destination, mode
    return entry, b""


def link(name: str, destination: str) -> Entry:
    return special(name, tarfile.SYMTYPE, destination)


def hardlink(name: str, destination: str) -> Entry:
    return special(name, tarfile.LNKTYPE, destination)


def directory(name: str) -> Entry:
    return special(name, tarfile.DIRTYPE)


Unpack = Callable[..., dict[str, str]]


@pytest.fixture
def unpacked(tmp_path: Path) -> Unpack:
    """Pack entries, unpack them into `inside/target`, and return the tree; everything around is watched."""
    target = tmp_path / "inside/target"
    target.mkdir(parents=True)
    (tmp_path / "outside").write_text("untouched")

    def unpack_entries(*entries: Entry, bounds: Bounds | None = None) -> dict[str, str]:
        archive = tmp_path / "archive.tar.gz"
        with tarfile.open(archive, "w:gz", format=tarfile.PAX_FORMAT) as tar:
            for entry, content in entries:
                tar.addfile(entry, io.BytesIO(content))
        try:
            unpack(archive, target, bounds or Bounds())
        finally:
            assert (tmp_path / "outside").read_text() == "untouched"
            assert {path.name for path in tmp_path.iterdir()} == {"archive.tar.gz", "inside", "outside"}
            assert [path.name for path in target.parent.iterdir()] == ["target"]
        return tree(target)

    return unpack_entries


def test_files_directories_and_links_arrive(unpacked: Unpack) -> None:
    found = unpacked(directory("d"), file("d/a", b"1"), file("deep/er/b", b"2"), link("d/l", "../deep"), directory("e"))
    assert found == {"d/a": "1", "deep/er/b": "2", "d/l": "-> ../deep", "e/": ""}


def test_a_leading_dot_is_fine(unpacked: Unpack) -> None:
    assert unpacked(directory("."), file("./a", b"1"), file("./d/./b", b"2")) == {"a": "1", "d/b": "2"}


@pytest.mark.parametrize(
    "entries",
    [
        [file("/etc/evil")],
        [file("../outside")],
        [file("d/../../outside")],
        [directory("../evil")],
        [link("a", "/etc/passwd")],
        [link("a", "../../outside")],
        [link("a", "..")],
        [link("d/up", ".."), link("d/out", "up/../../outside")],
        [link("a", "b"), link("b", "../../outside")],
        [hardlink("a", "../../outside")],
        [hardlink("a", "/etc/passwd")],
        [hardlink("a", "missing")],
        [link("../evil", "x")],
        [special("null", tarfile.CHRTYPE)],
        [special("disk", tarfile.BLKTYPE)],
        [special("pipe", tarfile.FIFOTYPE)],
        [file("a"), file("a/b")],
        [file("a/b"), file("a")],
        [file("a/b"), link("a", "c")],
        [file("/".join(["d" * 250] * 20))],
        [file("x" * 300)],
    ],
    ids=lambda entries: " ".join(entry.name[:20] for entry, _ in entries),
)
def test_what_leads_out_is_special_or_contradicts_itself_is_refused(unpacked: Unpack, entries: list[Entry]) -> None:
    with pytest.raises(SourceFailed) as caught:
        unpacked(*entries)
    assert caught.value.code == "bad-archive"
    assert caught.value.hint


@pytest.mark.parametrize(
    "entries",
    [
        [link("a", "../.."), file("a/outside", b"overwritten")],
        [link("a", "../../outside"), file("a", b"overwritten")],
        [link("d", ".."), link("d/e", ".."), file("d/e/outside", b"overwritten")],
        [link("a", "../../outside"), hardlink("b", "a"), file("b", b"overwritten")],
    ],
)
def test_nothing_is_ever_written_through_a_link(unpacked: Unpack, entries: list[Entry]) -> None:
    with pytest.raises(SourceFailed):
        unpacked(*entries)


def test_gits_own_data_is_dropped(unpacked: Unpack) -> None:
    assert unpacked(file("a", b"1"), file(".git/config", b"[core]"), file("sub/.git", b"x")) == {"a": "1"}


def test_a_hard_link_to_a_file_of_the_archive_is_that_file(unpacked: Unpack) -> None:
    assert unpacked(file("a", b"1"), hardlink("d/b", "a")) == {"a": "1", "d/b": "1"}


def test_only_the_executable_bit_of_a_mode_is_kept(unpacked: Unpack, tmp_path: Path) -> None:
    unpacked(file("suid", mode=0o6755), file("secret", mode=0o000), file("open", mode=0o777), directory("d"))
    target = tmp_path / "inside/target"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in target.iterdir() if path.is_file()}
    assert modes == {"suid": 0o755, "secret": 0o644, "open": 0o755}


def test_more_bytes_than_allowed_are_refused(unpacked: Unpack) -> None:
    bounds = Bounds(bytes=1000)
    assert unpacked(file("a", b"x" * 1000), bounds=bounds)
    with pytest.raises(SourceFailed, match="unpacks to more than"):
        unpacked(file("a", b"x" * 600), file("b", b"x" * 401), bounds=bounds)


def test_more_entries_than_allowed_are_refused(unpacked: Unpack) -> None:
    bounds = Bounds(entries=3)
    assert unpacked(*(file(f"{n}") for n in range(3)), bounds=bounds)
    with pytest.raises(SourceFailed, match="more than 3 files"):
        unpacked(*(directory(f"d{n}") for n in range(4)), bounds=bounds)


def test_a_small_archive_that_unpacks_to_much_is_refused_before_it_is_written(tmp_path: Path) -> None:
    archive, target = tmp_path / "bomb.tar.gz", tmp_path / "target"
    target.mkdir()
    with tarfile.open(archive, "w:gz") as tar:
        entry = tarfile.TarInfo("bomb")
        entry.size = 50_000_000
        tar.addfile(entry, io.BytesIO(bytes(entry.size)))
    with pytest.raises(SourceFailed, match="unpacks to more than"):
        unpack(archive, target, Bounds(bytes=1_000_000))
    assert tree(target) == {}


def test_an_endless_file_name_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    header = tarfile.TarInfo("././@PaxHeader")
    header.type, header.size = tarfile.XHDTYPE, 8 * 1024**3 - 512
    archive = tmp_path / "archive.tar.gz"
    archive.write_bytes(gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + bytes(100_000)))
    with pytest.raises(SourceFailed, match="too long"):
        unpack(archive, tmp_path, Bounds())


@pytest.mark.parametrize("content", [b"", b"no archive", gzip.compress(b"no tar file" * 100), os.urandom(2000)])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "archive").write_bytes(content)
    (tmp_path / "target").mkdir()
    with pytest.raises(SourceFailed) as caught:
        unpack(tmp_path / "archive", tmp_path / "target", Bounds())
    assert caught.value.code == "bad-archive"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(cut=st.integers(0, 400), flip=st.integers(0, 400), value=st.integers(0, 255))
def test_a_damaged_archive_is_refused_or_unpacked_but_never_breaks_anything(
    tmp_path: Path, cut: int, flip: int, value: int
) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for number in range(20):
            entry, content = file(f"file{number}", os.urandom(50))
            tar.addfile(entry, io.BytesIO(content))
    damaged = bytearray(buffer.getvalue()[: -cut or None])
    damaged[flip % len(damaged)] = value
    (tmp_path / "archive").write_bytes(damaged)
    target = tmp_path / "target"
    target.mkdir(exist_ok=True)
    try:
        unpack(tmp_path / "archive", target, Bounds())
    except SourceFailed as failure:
        assert failure.code == "bad-archive"


def test_it_ends_early_once_told_to(tmp_path: Path) -> None:
    archive, target = tmp_path / "archive", tmp_path / "target"
    target.mkdir()
    with tarfile.open(archive, "w:gz") as tar:
        for number in range(10):
            tar.addfile(file(f"{number}")[0], io.BytesIO(b"x"))
    unpack(archive, target, Bounds(), stopped=lambda: len(tree(target)) >= 3)
    assert len(tree(target)) == 3
