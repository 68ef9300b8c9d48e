"""A source tree as the detectors see it: the files a build would see, read safely."""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from shipway.builders.ignore import Dockerignore, is_inside, walk
from shipway.domain.errors import AnalysisFailed

#: Bytes of a file that are read; nothing that tells how to build an app is longer.
MAX_BYTES = 4_000_000
#: Installed or generated, never the app's own source.
_NOT_SOURCE = {"node_modules", "__pycache__", ".venv", "venv", "site-packages", ".tox", ".mypy_cache", ".pytest_cache"}


@dataclass(frozen=True)
class Tree:
    """A directory. Paths are relative to it, with `/`; links that lead out of it do not exist."""

    root: Path
    ignored: Dockerignore = field(default_factory=Dockerignore)
    #: Leave out what `.gitignore` leaves out, as an upload of this directory would.
    gitignore: bool = False
    #: Directory of the service, where this is the workspace that it is a member of; empty for the top itself.
    member: str = ""

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Every file of the app's own, those nearest the top first; but none whose name can't stand in one line of text."""
        return tuple(
            path
            for path in walk(self.root, gitignore=self.gitignore)
            if path.isprintable() and _NOT_SOURCE.isdisjoint(path.split("/")) and self.ignored.rule(path) is None
        )

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.files)

    def has(self, path: str) -> bool:
        """Whether `path` is a file here."""
        return path in self._known

    def first(self, *paths: str) -> str:
        """The first of `paths` that is a file here, or an empty text."""
        return next((path for path in paths if self.has(path)), "")

    def matching(self, pattern: str, *, depth: int = 3) -> Iterator[str]:
        """Files whose name matches the glob `pattern`, at most `depth` directories down, those nearest the top first."""
        for path in self.files:
            if path.count("/") <= depth and PurePosixPath(path).match(pattern):
                yield path

    def text(self, path: str) -> str:
        """The file's text with line breaks as `\\n`, empty when there is no such file; what is not text is replaced."""
        if not is_inside(self.root, path):
            return ""
        with (self.root / path).open("rb") as file:
            return decode(file.read(MAX_BYTES))

    def line_of(self, path: str, pattern: str) -> str:
        """`path:line` of the first match of the regular expression, or the path alone."""
        text = self.text(path)
        match = re.search(pattern, text, re.MULTILINE)
        return f"{path}:{text.count(chr(10), 0, match.start()) + 1}" if match else path

    def toml(self, path: str) -> dict[str, Any]:
        """The parsed file, empty when absent. Raises `AnalysisFailed` (`manifest-error`) with the line that is wrong."""
        try:
            return tomllib.loads(self.text(path))
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise _unreadable(path, "TOML", error) from error

    def json(self, path: str) -> dict[str, Any]:
        """The parsed object, empty when absent or something else. Raises `AnalysisFailed` (`manifest-error`)."""
        try:
            value = json.loads(self.text(path) or "{}")
        except (json.JSONDecodeError, RecursionError) as error:
            raise _unreadable(path, "JSON", error) from error
        return value if isinstance(value, dict) else {}


def decode(data: bytes) -> str:
    """Text as editors on any system save it: UTF-8 or, with a byte order mark, UTF-16; `\\n` between lines."""
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    return re.sub(r"\r\n?", "\n", data.decode("utf-16" if utf16 else "utf-8-sig", errors="replace"))


def _unreadable(path: str, syntax: str, error: Exception) -> AnalysisFailed:
    return AnalysisFailed(
        f"{path} can't be read as {syntax}: {error}.",
        code="manifest-error",
        hint=f"Correct {path} at the place named above.",
    )
