"""Requirement lines, as in requirements.txt and in pyproject.toml: what they name."""

import posixpath
import re
from collections.abc import Iterable

from shipway.builders.detectors.tree import Tree

_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?")
_INCLUDE = re.compile(r"(?:-r|--requirement|-c|--constraint)[\s=]*(\S+)")
_LOCAL = re.compile(r"(?:-e|--editable)[\s=]*(?!\S*://)\S|\.{0,2}/|\.(?:\s|\[|$)|file:")


def normal_names(lines: Iterable[str]) -> frozenset[str]:
    """Packages by normal name (`fastapi`), and once more for each extra (`fastapi[standard]`)."""
    names = set()
    for match in filter(None, map(_NAME.match, lines)):
        name = re.sub(r"[-_.]+", "-", match[1]).lower()
        extras = (match[2] or "").strip("[]").split(",")
        names |= {name, *(f"{name}[{extra.strip().lower()}]" for extra in extras if extra.strip())}
    return frozenset(names)


def included(tree: Tree, path: str) -> tuple[str, ...]:
    """The requirements file and those it names, each once."""
    found, pending = [], [path]
    while pending:
        file = pending.pop(0)
        if file in found or not tree.has(file):
            continue
        found.append(file)
        included = (_INCLUDE.match(line) for line in requirement_lines(tree.text(file)))
        pending += [
            posixpath.normpath(posixpath.join(posixpath.dirname(file), match[1])) for match in included if match
        ]
    return tuple(found)


def requirement_lines(text: str) -> list[str]:
    """The lines that say something, continued ones joined, without comments."""
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in text.replace("\\\n", " ").split("\n"))
    return [line for line in lines if line]


def is_local(line: str) -> bool:
    """Whether the line names a package in the source itself: `-e .`, `./lib`."""
    return bool(_LOCAL.match(line))
