"""Which files of a directory count: what `.gitignore` keeps at home, and what `.dockerignore` keeps out of a build."""

import os
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pathspec import GitIgnoreSpec, PathSpec
from pathspec.patterns.gitignore.basic import GitIgnoreBasicPattern

#: A tree with more files than this is listed in part, its top first.
MAX_FILES = 100_000
#: Never part of anything: git's own files.
NEVER = ".git"


def walk(root: Path, *, gitignore: bool = False) -> Iterator[str]:
    """Paths of the files under `root`, relative to it with `/`, directory by directory from the top, each sorted.

    With `gitignore`, leaves out what the `.gitignore` files in it leave out: what an upload of a working copy takes.
    Links to directories are not followed; a link to a file counts only when it stays inside. `.git` is never part.
    """
    pending: deque[tuple[str, tuple[_Gitignore, ...]]] = deque([("", ())])
    found = 0
    while pending and found < MAX_FILES:
        directory, rules = pending.popleft()
        if gitignore:
            rules = _with_rules_of(root, directory, rules)
        for entry in sorted(os.scandir(root / directory), key=lambda entry: entry.name):
            path = f"{directory}{entry.name}"
            is_directory = entry.is_dir(follow_symlinks=False)
            if entry.name == NEVER or _left_out(path + "/" * is_directory, rules):
                continue
            if is_directory:
                pending.append((f"{path}/", rules))
            elif _counts(root, path, entry):
                found += 1
                yield path


def is_inside(root: Path, path: str) -> bool:
    """Whether `path` is a regular file inside `root`, links and `..` resolved."""
    found = root / path
    # Most of what is asked for is not there, and to resolve a path takes a system call for each part of it.
    return found.is_file() and Path(os.path.realpath(found)).is_relative_to(os.path.realpath(root))


@dataclass(frozen=True, slots=True)
class Dockerignore:
    """The rules of one `.dockerignore`: patterns count from the root, and the last that matches decides."""

    #: Its path; empty for rules that are in no file of the user's.
    path: str = ""
    text: str = ""

    def at(self, line: int) -> str:
        """Where people find the rule in `line`."""
        return f"{self.path}:{line}" if self.path else f"the default rules ({self.text.splitlines()[line - 1]})"

    def rule(self, path: str) -> int | None:
        """Line number of the rule that leaves `path` out, or `None` when it is part of the build context."""
        lines, spec = _compiled(self.text)
        result = spec.check_file(path)
        return lines[result.index] if result.include and result.index is not None else None


@lru_cache(maxsize=8)
def _compiled(text: str) -> tuple[list[int], PathSpec[GitIgnoreBasicPattern]]:
    rules = [(number, rule) for number, line in enumerate(text.splitlines(), 1) if (rule := _anchored(line))]
    return [number for number, _ in rules], PathSpec([GitIgnoreBasicPattern(rule) for _, rule in rules])


def _anchored(line: str) -> str:
    """Docker's pattern as git would write it: from the root, without the trailing slash that means nothing to Docker."""
    pattern = line.strip()
    if pattern.startswith("#"):
        return ""
    path = os.path.normpath(pattern.removeprefix("!").strip() or ".").lstrip("/")
    rule = f"{'!' * pattern.startswith('!')}/{path}"
    return rule if path not in (".", "") and _is_pattern(rule) else ""


@dataclass(frozen=True, slots=True)
class _Gitignore:
    directory: str
    spec: GitIgnoreSpec


def _with_rules_of(root: Path, directory: str, outer: tuple[_Gitignore, ...]) -> tuple[_Gitignore, ...]:
    path = f"{directory}.gitignore"
    if not is_inside(root, path):
        return outer
    lines = (root / path).read_text("utf-8-sig", errors="replace").splitlines()
    return (_Gitignore(directory, GitIgnoreSpec.from_lines(_valid(lines))), *outer)


def _valid(lines: Iterable[str]) -> list[str]:
    return [line for line in lines if _is_pattern(line)]


def _is_pattern(line: str) -> bool:
    """Git and Docker pass over what is no pattern, such as a lone `!`."""
    try:
        GitIgnoreBasicPattern(line)
    except (ValueError, re.error):
        return False
    return True


def _left_out(path: str, rules: tuple[_Gitignore, ...]) -> bool:
    """The nearest `.gitignore` that says anything about `path` decides."""
    for rule in rules:
        verdict = rule.spec.check_file(path.removeprefix(rule.directory)).include
        if verdict is not None:
            return verdict
    return False


def _counts(root: Path, path: str, entry: "os.DirEntry[str]") -> bool:
    return is_inside(root, path) if entry.is_symlink() else entry.is_file()
