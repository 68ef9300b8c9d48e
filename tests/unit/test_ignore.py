"""Which files count, by `.gitignore` and by `.dockerignore`."""

import os
from pathlib import Path

import pytest

from shipway.builders import ignore
from shipway.builders.ignore import Dockerignore, is_inside, walk


def fill(root: Path, *paths: str, **texts: str) -> None:
    """Make empty files, and those with a text."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(texts.get(path, ""))


def test_files_come_from_the_top_down_without_git(tmp_path: Path) -> None:
    fill(tmp_path, "b/c/d.py", "b/a.py", "z.py", ".git/config", "sub/.git")
    assert list(walk(tmp_path)) == ["z.py", "b/a.py", "b/c/d.py"]


def test_gitignore_files_count_in_their_own_directory_and_the_nearest_decides(tmp_path: Path) -> None:
    fill(tmp_path, "dist/x", "a.log", "keep/a.log", "keep/b.txt", "web/dist/x", "web/src.py", "build/keep.txt")
    (tmp_path / ".gitignore").write_text("/dist/\n*.log\nbuild/*\n!build/keep.txt\n")
    (tmp_path / "keep/.gitignore").write_text("!a.log\n")
    (tmp_path / "web/.gitignore").write_text("src.py\n")
    assert list(walk(tmp_path, gitignore=True)) == [
        ".gitignore",
        "build/keep.txt",
        "keep/.gitignore",
        "keep/a.log",
        "keep/b.txt",
        "web/.gitignore",
        "web/dist/x",
    ]
    assert "dist/x" in walk(tmp_path)


def test_what_is_no_pattern_is_passed_over(tmp_path: Path) -> None:
    fill(tmp_path, "a", "b")
    (tmp_path / ".gitignore").write_text("!\n[z-a]\n\\\na\n")
    assert list(walk(tmp_path, gitignore=True)) == [".gitignore", "b"]
    assert Dockerignore(".dockerignore", "!\n[z-a]\n\\\na\n").rule("a") == 4


def test_links_out_of_the_directory_and_special_files_do_not_count(tmp_path: Path) -> None:
    root = tmp_path / "root"
    fill(tmp_path, "secret", "folder/x", "root/real")
    (root / "inside").symlink_to("real")
    (root / "outside").symlink_to(tmp_path / "secret")
    (root / "directory").symlink_to(tmp_path / "folder")
    (root / "loop").symlink_to("loop")
    os.mkfifo(root / "pipe")
    assert list(walk(root)) == ["inside", "real"]
    assert not is_inside(root, "../secret")
    assert not is_inside(root, "directory/x")
    assert not is_inside(root, "pipe")


def test_a_huge_tree_is_listed_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ignore, "MAX_FILES", 2)
    fill(tmp_path, "a", "deep/b", "deep/er/c")
    assert list(walk(tmp_path)) == ["a", "deep/b"]


@pytest.mark.parametrize(
    ("rules", "path", "line"),
    [
        ("*.md", "README.md", 1),
        ("*.md", "docs/README.md", None),
        ("**/*.md", "docs/README.md", 1),
        ("# no\n\n/node_modules/", "node_modules/a/b.js", 3),
        ("node_modules", "web/node_modules/x", None),
        ("*\n!src", "src/a.py", None),
        ("*\n!src", "a.py", 1),
        ("*\n!src\nsrc/a.py", "src/a.py", 3),
        ("./build", "build/x", 1),
        ("docs/*/x", "docs/a/x", 1),
        (".", "a", None),
        ("", "a", None),
    ],
)
def test_dockerignore_counts_from_the_root_and_its_last_rule_decides(rules: str, path: str, line: int | None) -> None:
    assert Dockerignore(".dockerignore", rules).rule(path) == line
