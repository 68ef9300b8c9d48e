"""A Dockerfile as instructions with line numbers, read the way BuildKit reads it."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from shipway.builders.dockerfile_grammar import KEYWORDS, trouble
from shipway.builders.dockerfile_instruction import Instruction, split_options
from shipway.domain.errors import BuildFailed

__all__ = ["Dockerfile", "Instruction", "Stage", "parse", "wrong"]

_DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*")
_BLANKS = re.compile(r"[\t\v\f\r ]+")
_WORD = re.compile(r"""(?:'[^']*'|"(?:\\.|[^"\\])*"|\S)+""")
_HEREDOC = re.compile(r"\d*<<(-?)([^<]+)")
_TAKES_HEREDOC = ("RUN", "COPY", "ADD")


@dataclass(frozen=True, slots=True)
class Stage:
    """A `FROM` and the instructions that follow it."""

    base: str
    #: Empty when it has none.
    name: str
    line: int
    instructions: tuple[Instruction, ...]

    def last(self, keyword: str) -> Instruction | None:
        """The one that counts where only one does."""
        return next((found for found in reversed(self.instructions) if found.keyword == keyword), None)


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """A parsed file."""

    #: Its path in the source, for messages.
    path: str
    #: `ARG`s before the first `FROM`.
    arguments: tuple[Instruction, ...]
    stages: tuple[Stage, ...]
    #: `# syntax=` and its line, when there is one.
    syntax: str = ""
    syntax_line: int = 0

    @property
    def instructions(self) -> tuple[Instruction, ...]:
        """All of them in their order, FROMs aside."""
        return (*self.arguments, *(found for stage in self.stages for found in stage.instructions))

    def at(self, line: int) -> str:
        """`Dockerfile:7`."""
        return f"{self.path}:{line}"


def parse(text: str, path: str = "Dockerfile") -> Dockerfile:
    """Read a Dockerfile. Raises `BuildFailed` (`dockerfile-error`) with the line, what is wrong with it, and what helps."""
    lines = text.removeprefix("\ufeff").split("\n")
    directives = dict(_directives(lines, path))
    escape = directives.get("escape", ("\\", 0))[0]
    instructions = list(_instructions(lines, escape, path))
    if not instructions:
        raise wrong(path, 1, "", "it holds no instruction.", "Start it with FROM and a base image.")
    arguments, stages = _grouped(instructions, path, lines)
    syntax, line = directives.get("syntax", ("", 0))
    return Dockerfile(path, arguments, stages, syntax, line)


def wrong(path: str, line: int, source: str, what: str, hint: str) -> BuildFailed:
    """The error for one line of a Dockerfile."""
    evidence = [f"{line}: {source.strip()}"] if source else []
    return BuildFailed(f"{path}:{line}: {what}", code="dockerfile-error", hint=hint, evidence=evidence)


def _directives(lines: list[str], path: str) -> Iterator[tuple[str, tuple[str, int]]]:
    """`# name=value` lines at the very top; anything else ends them."""
    for number, line in enumerate(lines, 1):
        match = _DIRECTIVE.fullmatch(line.strip())
        if not match or match[1].lower() not in ("syntax", "escape"):
            return
        if match[1].lower() == "escape" and match[2] not in ("\\", "`"):
            raise wrong(path, number, line, f"{match[2]!r} can't be the escape character.", "Use \\ or `.")
        yield match[1].lower(), (match[2], number)


def _instructions(lines: list[str], escape: str, path: str) -> Iterator[Instruction]:
    """Line by line: comments and blanks aside, continued lines joined, here-documents passed over."""
    continued = re.compile(rf"(?:(?<=[^{re.escape(escape)}])|^){re.escape(escape)}[ \t]*$")
    index = 0
    while index < len(lines):
        start, parts = index, list[str]()
        while index < len(lines):
            line = lines[index].rstrip("\r")
            index += 1
            if not line.strip() or line.lstrip().startswith("#"):
                if parts:
                    continue
                break
            parts.append(continued.sub("", line))
            if parts[-1] == line:
                break
        if parts:
            text = "".join(parts).strip()
            end = _after_heredocs(lines, index, _heredocs(text), start, path)
            yield replace(_instruction(text, start + 1, end, heredoc=end > index), escape=escape)
            index = end


def _instruction(text: str, line: int, end: int, *, heredoc: bool) -> Instruction:
    keyword, _, rest = _BLANKS.sub(" ", text, count=1).partition(" ")
    options, arguments = split_options(rest.strip())
    return Instruction(keyword.upper(), arguments, line, options, heredoc, end, text)


def _heredocs(text: str) -> list[tuple[str, bool]]:
    """The delimiter of each here-document, and whether tabs before it are passed over."""
    keyword, *words = _WORD.findall(text) or [""]
    inner = words[0] if keyword.upper() == "ONBUILD" and words else keyword
    if inner.upper() not in _TAKES_HEREDOC:
        return []
    matches = (_HEREDOC.fullmatch(word) for word in words)
    return [(name, found[1] == "-") for found in matches if found and (name := re.sub(r"['\"]", "", found[2]))]


def _after_heredocs(lines: list[str], index: int, delimiters: list[tuple[str, bool]], start: int, path: str) -> int:
    """The index of the line after the here-documents' ends."""
    for delimiter, strips_tabs in delimiters:
        while index < len(lines):
            line = lines[index].rstrip("\r")
            index += 1
            if (line.lstrip("\t") if strips_tabs else line) == delimiter:
                break
        else:
            hint = f"End it with the line {delimiter}."
            raise wrong(path, start + 1, lines[start], "its here-document has no end.", hint)
    return index


def _grouped(
    instructions: list[Instruction], path: str, lines: list[str]
) -> tuple[tuple[Instruction, ...], tuple[Stage, ...]]:
    """Instructions by stage, each checked where it stands; what comes before the first FROM can only be ARG."""
    arguments: list[Instruction] = []
    openings: list[tuple[Instruction, list[Instruction]]] = []
    for found in instructions:
        if problem := _unknown(found) or trouble(found) or _early(found, bool(openings)):
            raise wrong(path, found.line, lines[found.line - 1], *problem)
        if found.keyword == "FROM":
            openings.append((found, []))
        else:
            (openings[-1][1] if openings else arguments).append(found)
    if not openings:
        raise wrong(path, arguments[0].line, "", "there is no FROM.", "Start it with FROM and a base image.")
    return tuple(arguments), tuple(_stage(opening, inside) for opening, inside in openings)


def _unknown(found: Instruction) -> tuple[str, str] | None:
    if found.keyword in KEYWORDS:
        return None
    if not found.keyword:
        return "there is nothing before the end of the line, nor after it.", "Remove the \\."
    near = difflib.get_close_matches(found.keyword, KEYWORDS, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}?" if near else "A line that goes on needs a \\ at the end of the line before it."
    return f"{found.text.split()[0][:40]!r} is no instruction.", hint


def _early(found: Instruction, opened: bool) -> tuple[str, str] | None:
    if opened or found.keyword in ("ARG", "FROM"):
        return None
    return f"{found.keyword} comes before FROM.", "Only ARG can; start with FROM and a base image."


def _stage(opening: Instruction, instructions: list[Instruction]) -> Stage:
    base, *name = opening.arguments.split()
    return Stage(base, name[1].lower() if name else "", opening.line, tuple(instructions))
