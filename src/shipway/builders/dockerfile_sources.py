"""Whether what a Dockerfile copies is there to be copied."""

import difflib
import fnmatch
import os
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shipway.builders.dockerfile import Dockerfile, wrong
from shipway.builders.dockerfile_instruction import Instruction
from shipway.builders.ignore import Dockerignore, walk
from shipway.domain.artifacts import Finding
from shipway.domain.errors import BuildFailed


@dataclass(frozen=True, slots=True)
class Context:
    """The directory that a build sees, less what `.dockerignore` leaves out."""

    directory: Path
    ignored: Dockerignore

    def matches(self, pattern: str) -> bool:
        """Whether any file, or a directory with one in it, matches Docker's `pattern`."""
        wanted = posixpath.normpath(pattern).lstrip("/")
        depth = wanted.count("/") + 1
        return "**" in wanted or any(
            fnmatch.fnmatchcase("/".join(path.split("/")[:depth]), wanted) and self.ignored.rule(path) is None
            for path in walk(self.directory)
        )

    def has(self, path: str) -> bool:
        """Whether `path` exists, as a file, directory or link, left out or not; nothing is looked up outside."""
        return self._folder(posixpath.dirname(path)) is not None and os.path.lexists(self.directory / path)

    def left_out_by(self, path: str) -> int | None:
        """Line of the rule that leaves `path` out, all of it; `None` when there is something to copy."""
        rule = self.ignored.rule(path)
        folder = self._folder(path) if rule else None
        inside = walk(folder) if folder else ()
        return None if any(self.ignored.rule(f"{path}/{name}") is None for name in inside) else rule

    def nearest(self, path: str) -> str:
        """The neighbour with the most similar name, empty for none."""
        parent, name = posixpath.split(path)
        folder = self._folder(parent)
        names = {found.name.lower(): found.name for found in folder.iterdir()} if folder else {}
        near = difflib.get_close_matches(name.lower(), names, n=1)
        return posixpath.join(parent, names[near[0]]) if near else ""

    def _folder(self, path: str) -> Path | None:
        """The directory `path`, unless it is none or a link leads out of the context."""
        resolved = Path(os.path.realpath(self.directory / path))
        inside = resolved.is_relative_to(os.path.realpath(self.directory))
        return resolved if inside and resolved.is_dir() else None


def check_sources(dockerfile: Dockerfile, context: Context) -> Iterator[Finding]:
    """A warning for each pattern that matches nothing.

    Raises `BuildFailed` (`dockerfile-error`) for a path that is not in the context: outside of it, missing or left out.
    """
    for copy in dockerfile.instructions:
        if copy.keyword not in ("COPY", "ADD") or "from" in copy.flags:
            continue
        if len(copy.words) < 2:
            hint = f"Write {copy.keyword} source destination."
            raise _refused(dockerfile, copy, "it needs a source and a destination.", hint)
        for source in filter(lambda source: _is_local(copy, source), copy.words[:-1]):
            if not re.search(r"[*?\[]", source):
                _require(dockerfile, copy, source, context)
            elif not context.matches(source):
                yield Finding(f"{copy.keyword} {source}: nothing in the source matches.", dockerfile.at(copy.line))


def _is_local(copy: Instruction, source: str) -> bool:
    """Whether it can be looked up here: no variable, here-document, URL or repository."""
    remote = copy.keyword == "ADD" and re.match(r"\w+(?:://|@)", source)
    return not (remote or "$" in source or copy.heredoc)


def _require(dockerfile: Dockerfile, copy: Instruction, source: str, context: Context) -> None:
    path = posixpath.normpath(source.lstrip("/") or ".")
    if path == ".":
        return
    if path.split("/")[0] == "..":
        hint = "A build sees the service's own directory only: move the file into it, or set a directory further up."
        raise _refused(dockerfile, copy, f"{source} is outside of the source.", hint)
    if not context.has(path):
        near = context.nearest(path)
        hint = (
            f"Did you mean {near}?" if near else "Check the spelling, and that it is committed and not in .gitignore."
        )
        raise _refused(dockerfile, copy, f"{source} does not exist in the source.", hint)
    if rule := context.left_out_by(path):
        hint = f"Remove that rule, or write the line !{path} after it in .dockerignore."
        raise _refused(dockerfile, copy, f"{source} is left out by {context.ignored.at(rule)}.", hint)


def _refused(dockerfile: Dockerfile, copy: Instruction, what: str, hint: str) -> BuildFailed:
    return wrong(dockerfile.path, copy.line, f"{copy.keyword} {copy.arguments}", what, hint)
