"""Runtime versions: which one an app pins, and which of ours satisfies the range it asks for."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shipway.builders.detectors.tree import Tree
from shipway.domain.artifacts import Finding

#: Stands for "the newest of that line", which is what an image's tag gives.
_NEWEST = 10**6
_TERM = re.compile(r"(===|==|~=|!=|>=|<=|>|<|\^|~|=|)v?([0-9]{1,9}(?:\.[0-9]{1,9})*)?")


@dataclass(frozen=True, slots=True)
class Version:
    """A runtime's version, and where it was asked for; an empty `where` means by nobody."""

    number: str
    where: str = ""

    def finding(self, runtime: str) -> Finding:
        """The evidence for it."""
        return Finding(f"{runtime} {self.number}" + (", the default" if not self.where else ""), self.where)


def pinned(tree: Tree, paths: Iterable[str]) -> Version | None:
    """The version named by the first of these one-line files (`.python-version`, `.nvmrc`) that names one."""
    for path in paths:
        for line in tree.text(path).splitlines():
            if match := re.match(r"(?:[a-z]+-|v)?([0-9]+(?:\.[0-9]+){0,2})\s*(?:#.*)?$", line.strip()):
                return Version(match[1], path)
    return None


def from_tool_versions(tree: Tree, *tools: str) -> Version | None:
    """The version that `.tool-versions` names for one of `tools`."""
    pattern = rf"^(?:{'|'.join(tools)})[ \t]+([0-9]+(?:\.[0-9]+){{0,2}})"
    match = re.search(pattern, tree.text(".tool-versions"), re.MULTILINE)
    return Version(match[1], tree.line_of(".tool-versions", pattern)) if match else None


def choose(wanted: str, where: str, lines: Sequence[str], default: str) -> Version:
    """The version line to use for a range such as `>=3.10,<3.13` or `^20 || ^22`: `default` where it will do, else the
    newest of `lines` (newest first) that does, else the first version the range names.
    """
    for line in (default, *lines):
        if satisfies(line, wanted):
            return Version(line, where)
    named = re.search(r"[0-9]+(?:\.[0-9]+){0,2}", wanted)
    return Version(named[0], where) if named else Version(default)


def satisfies(line: str, wanted: str) -> bool:
    """Whether the newest version of `line` (`3.12`, `22`) lies in the range, in Python's, Poetry's or npm's notation."""
    return any(_all_hold(line, part) for part in wanted.split("||"))


def _all_hold(line: str, part: str) -> bool:
    hyphenless = re.sub(r"(\S+)\s+-\s+(\S+)", r">=\1 <=\2", part)
    terms = re.split(r"[\s,]+", re.sub(r"([<>=~^!])\s+", r"\1", hyphenless).strip())
    newest = (*_numbers(line), _NEWEST)
    return all(_holds(newest, match[1], _numbers(match[2] or "")) for term in terms if (match := _TERM.match(term)))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split(".") if number)


def _holds(newest: tuple[int, ...], operator: str, wanted: tuple[int, ...]) -> bool:
    """`newest` ends in a number above all others; a bound with fewer numbers stands for its whole line."""
    same_line = newest[: len(wanted)] == wanted
    if unchanged := {"^": 1, "~=": max(len(wanted) - 1, 1), "~": min(len(wanted), 2)}.get(operator, 0):
        return newest >= wanted and newest[:unchanged] == wanted[:unchanged]
    verdicts = {
        ">=": newest >= wanted,
        ">": newest > wanted,
        "<": newest < wanted,
        "<=": newest <= wanted or same_line,
        "!=": not same_line,
    }
    return not wanted or verdicts.get(operator, same_line)
