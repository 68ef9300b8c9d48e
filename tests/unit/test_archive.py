"""Packing a working directory: what is taken, and that the same tree gives the same bytes."""

import gzip
import io
import os
import socket
import tarfile
from pathlib import Path

import pytest
from tests.support.git import GitRepository, git, tree

from shipway.client.archive import PackReport, pack
from shipway.domain.errors import Invalid
from shipway.sources.unpack import Bounds, unpack


def write(root: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)


def packed(root: Path) -> tuple[bytes, PackReport]:
    buffer = io.BytesIO()
    report = pack(root, buffer)
    return buffer.getvalue(), report


def names(archive: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return tar.getnames()


def files_in(root: Path) -> set[str]:
    """What is packed of `root`, without directories."""
    with tarfile.open(fileobj=io.BytesIO(packed(root)[0])) as tar:
        return {entry.name for entry in tar if not entry.isdir()}


def test_what_is_packed_arrives_as_it_was(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    write(source, {"app.py": "1", "a/b/c.txt": "ü\n", "empty": "", "run": "#!/bin/sh\n"})
    (source / "run").chmod(0o755)
    (source / "nothing").mkdir()
    (source / "a/link").symlink_to("../app.py")
    (tmp_path / "archive").write_bytes(packed(source)[0])
    target.mkdir()
    unpack(tmp_path / "archive", target, Bounds())
    assert tree(target) == tree(source)
    assert os.access(target / "run", os.X_OK)
    assert not os.access(target / "app.py", os.X_OK)


def test_the_same_tree_gives_the_same_bytes_wherever_and_whenever(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "another-name"
    write(one, {"b": "1", "a": "2", "d/e": "3"})
    write(two, {"d/e": "3", "a": "2", "b": "1"})
    os.utime(two / "a", (1, 1))
    (two / "a").chmod(0o600)
    assert packed(one)[0] == packed(two)[0]


def test_another_content_name_or_executable_bit_gives_other_bytes(tmp_path: Path) -> None:
    write(tmp_path, {"a": "1"})
    first = packed(tmp_path)[0]
    write(tmp_path, {"a": "2"})
    second = packed(tmp_path)[0]
    (tmp_path / "a").chmod(0o755)
    third = packed(tmp_path)[0]
    (tmp_path / "a").rename(tmp_path / "b")
    assert len({first, second, third, packed(tmp_path)[0]}) == 4


def test_it_says_nothing_about_who_packed_it_and_when(tmp_path: Path) -> None:
    write(tmp_path, {"a": "1"})
    archive = packed(tmp_path)[0]
    assert archive[4:8] == b"\0\0\0\0"
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        [entry] = tar.getmembers()
    assert (entry.uid, entry.gid, entry.uname, entry.gname, entry.mtime) == (0, 0, "", "", 0)


def test_entries_are_in_the_order_of_their_bytes_each_directory_before_its_content(tmp_path: Path) -> None:
    write(tmp_path, {"b": "", "a/z": "", "a.txt": "", "Z": ""})
    assert names(packed(tmp_path)[0]) == ["Z", "a", "a/z", "a.txt", "b"]


def test_the_report_counts_files_and_bytes(tmp_path: Path) -> None:
    write(tmp_path, {"a": "123", "d/b": "45"})
    assert packed(tmp_path)[1] == PackReport(files=2, bytes=5, left_out=())


def test_dependencies_and_git_itself_are_never_sent(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "app.py": "",
            ".git/config": "",
            "web/node_modules/x/index.js": "",
            ".venv/bin/python": "",
            "lib/__pycache__/a.pyc": "",
            "sub/.git": "gitdir: elsewhere",
            ".gitignore": "!node_modules\n!.git\n",
        },
    )
    assert files_in(tmp_path) == {"app.py", ".gitignore"}


def test_patterns_hold_in_their_own_directory_and_below_and_the_nearest_decides(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            ".gitignore": "*.log\n/build/\n# a comment\n\n",
            "a.log": "",
            "build/x": "",
            "src/build/x": "",
            "src/.gitignore": "!keep.log\n/local\n",
            "src/keep.log": "",
            "src/deep/keep.log": "",
            "src/other.log": "",
            "src/local": "",
            "local": "",
        },
    )
    assert files_in(tmp_path) == {
        ".gitignore",
        "src/.gitignore",
        "src/build/x",
        "src/keep.log",
        "src/deep/keep.log",
        "local",
    }


def test_nothing_inside_an_ignored_directory_comes_back(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "dist/\n!dist/keep\n", "dist/keep": "", "dist/.gitignore": "!keep\n"})
    assert files_in(tmp_path) == {".gitignore"}


def test_shipwayignore_has_the_last_word_over_gitignore(tmp_path: Path) -> None:
    write(
        tmp_path,
        {".gitignore": "dist/\n", ".shipwayignore": "!dist/\ndocs/\n", "dist/app.js": "", "docs/index": "", "a": ""},
    )
    assert files_in(tmp_path) == {".gitignore", ".shipwayignore", "dist/app.js", "a"}


def test_it_takes_what_git_would_take(tmp_path: Path) -> None:
    repository = GitRepository.create(tmp_path / "app")
    write(
        repository.path,
        {
            ".gitignore": "*.log\n!important.log\n/top\nfoo/bar\n**/deep/*.tmp\ndir/\nweird[ab].txt\n\\#hash\ntrail \n",
            "x.log": "",
            "important.log": "",
            "top": "",
            "sub/top": "",
            "foo/bar": "",
            "sub/foo/bar": "",
            "a/b/deep/x.tmp": "",
            "a/b/deep/x.txt": "",
            "dir/file": "",
            "sub/dir/file": "",
            "weirda.txt": "",
            "weirdc.txt": "",
            "#hash": "",
            "trail": "",
            "sub/.gitignore": "!x.log\n*.md\n",
            "sub/x.log": "",
            "sub/y.log": "",
            "sub/README.md": "",
            "README.md": "",
        },
    )
    git(repository.path, "add", "--all")
    assert files_in(repository.path) == set(git(repository.path, "ls-files").splitlines())


def test_links_that_lead_out_are_left_out_and_reported(tmp_path: Path) -> None:
    root = tmp_path / "app"
    write(root, {"a": "", "d/b": ""})
    for name, destination in {
        "absolute": str(root / "a"),
        "above": "../x",
        "back": "../app/a",
        "d/inside": "../a",
        "d/up": "..",
        "d/through": "up/../../x",
        "dangling": "missing",
    }.items():
        (root / name).symlink_to(destination)
    archive, report = packed(root)
    assert set(report.left_out) == {"absolute", "above", "back", "d/through"}
    assert {"d/inside", "d/up", "dangling"} <= set(names(archive))


def test_a_linked_directory_is_sent_as_a_link_and_not_entered(tmp_path: Path) -> None:
    write(tmp_path, {"real/a": ""})
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "loop").symlink_to(".")
    assert files_in(tmp_path) == {"real/a", "link", "loop"}


def test_pipes_and_sockets_are_left_out_and_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
    assert packed(tmp_path)[1].left_out == ("pipe", "socket")


def test_names_that_are_long_or_not_utf8_survive(tmp_path: Path) -> None:
    root, target = tmp_path / "root", tmp_path / "target"
    write(root, {f"{'d' * 200}/{'f' * 200}": "long"})
    Path(os.fsdecode(os.fsencode(root) + b"/caf\xe9")).write_text("latin")
    (tmp_path / "archive").write_bytes(packed(root)[0])
    target.mkdir()
    unpack(tmp_path / "archive", target, Bounds())
    assert tree(target) == tree(root)


def test_a_file_that_shrinks_meanwhile_is_an_error_and_not_half_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"a": "12345"})
    measured = tarfile.TarInfo.tobuf

    def shrink(self: tarfile.TarInfo, *args: object, **kwargs: object) -> bytes:
        (tmp_path / "a").write_text("1")
        return measured(self, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(tarfile.TarInfo, "tobuf", shrink)
    with pytest.raises(Invalid, match=r"/a can't be read"):
        packed(tmp_path)


def test_what_is_no_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="is not a directory"):
        packed(tmp_path / "missing")


def test_an_empty_directory_gives_a_valid_archive(tmp_path: Path) -> None:
    archive, report = packed(tmp_path)
    assert names(archive) == []
    assert report == PackReport(0, 0, ())
    assert gzip.decompress(archive)
