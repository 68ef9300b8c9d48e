"""A Dockerfile as instructions with line numbers, read the way BuildKit reads it."""

import difflib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from shipway.domain.errors import BuildFailed

# fmt: off
KEYWORDS = (
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD",
    "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
)
# fmt: on
_DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*")
_FLAG = re.compile(r"--([a-z][a-z-]*)(?:=(\S*))?(?:\s+|$)")
_WORD = re.compile(r"""(?:'[^']*'|"(?:\\.|[^"\\])*"|\S)+""")
_HEREDOC = re.compile(r"\d*<<(-?)([^<]+)")
_TAKES_HEREDOC = ("RUN", "COPY", "ADD")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction, continued lines joined."""

    keyword: str
    #: What follows the keyword and its flags.
    arguments: str
    #: Line it starts in, from 1.
    line: int
    flags: dict[str, str] = field(default_factory=dict)
    #: Whether its arguments go on in here-documents.
    heredoc: bool = False

    @property
    def exec_form(self) -> tuple[str, ...] | None:
        """The argument list, when it is written as JSON; `None` for the shell form."""
        try:
            value = json.loads(self.arguments) if self.arguments.startswith("[") else None
        except (json.JSONDecodeError, RecursionError):
            return None
        return tuple(value) if isinstance(value, list) and all(isinstance(word, str) for word in value) else None

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments one by one, in either form."""
        form = self.exec_form
        return form if form is not None else tuple(self.arguments.split())


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
            instruction, delimiters = _instruction("".join(parts).strip(), start + 1, lines[start], path)
            index = _after_heredocs(lines, index, delimiters, start, path)
            yield instruction


def _instruction(text: str, line: int, source: str, path: str) -> tuple[Instruction, list[tuple[str, bool]]]:
    keyword, _, rest = re.sub(r"\s+", " ", text, count=1).partition(" ")
    _check_keyword(keyword, line, source, path)
    flags: dict[str, str] = {}
    rest = rest.strip()
    while match := _FLAG.match(rest):
        flags[match[1]] = match[2] or ""
        rest = rest[match.end() :]
    if not rest and keyword.upper() not in ("CMD", "ENTRYPOINT"):
        raise wrong(
            path, line, source, f"{keyword.upper()} needs something after it.", "Complete the line or remove it."
        )
    delimiters = _heredocs(rest) if _inner(keyword, rest) in _TAKES_HEREDOC else []
    instruction = Instruction(keyword.upper(), rest, line, flags, bool(delimiters))
    return instruction, delimiters


def _heredocs(arguments: str) -> list[tuple[str, bool]]:
    """The delimiter of each here-document, and whether tabs before it are passed over."""
    words = (_HEREDOC.fullmatch(word) for word in _WORD.findall(arguments))
    return [(name, found[1] == "-") for found in words if found and (name := re.sub(r"['\"]", "", found[2]))]


def _inner(keyword: str, rest: str) -> str:
    return (rest.partition(" ")[0] if keyword.upper() == "ONBUILD" else keyword).upper()


def _check_keyword(keyword: str, line: int, source: str, path: str) -> None:
    if keyword.upper() in KEYWORDS:
        return
    near = difflib.get_close_matches(keyword.upper(), KEYWORDS, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}?" if near else "A line that goes on needs a \\ at the end of the line before it."
    raise wrong(path, line, source, f"{keyword[:40]!r} is no instruction.", hint)


def _after_heredocs(lines: list[str], index: int, delimiters: list[tuple[str, bool]], start: int, path: str) -> int:
    """The index of the line after the here-documents' ends."""
    for delimiter, strips_tabs in delimiters:
        while index < len(lines):
            line = lines[index].rstrip("\r")
            index += 1
            if (line.lstrip("\t") if strips_tabs else line) == delimiter:
                break
        else:
            raise wrong(
                path, start + 1, lines[start], "its here-document has no end.", f"End it with the line {delimiter}."
            )
    return index


def _grouped(
    instructions: list[Instruction], path: str, lines: list[str]
) -> tuple[tuple[Instruction, ...], tuple[Stage, ...]]:
    """Instructions by stage; what comes before the first FROM can only be ARG."""
    starts = [index for index, found in enumerate(instructions) if found.keyword == "FROM"]
    before = instructions[: starts[0]] if starts else instructions
    if misplaced := next((found for found in before if found.keyword != "ARG"), None):
        source = lines[misplaced.line - 1]
        raise wrong(
            path,
            misplaced.line,
            source,
            f"{misplaced.keyword} comes before FROM.",
            "Only ARG can; start with FROM and a base image.",
        )
    if not starts:
        raise wrong(path, before[0].line, "", "there is no FROM.", "Start it with FROM and a base image.")
    ends = [*starts[1:], len(instructions)]
    return tuple(before), tuple(
        _stage(instructions[start], instructions[start + 1 : end], path, lines)
        for start, end in zip(starts, ends, strict=True)
    )


def _stage(opening: Instruction, instructions: list[Instruction], path: str, lines: list[str]) -> Stage:
    words = opening.arguments.split()
    if len(words) == 1:
        return Stage(words[0], "", opening.line, tuple(instructions))
    if len(words) == 3 and words[1].upper() == "AS":
        return Stage(words[0], words[2].lower(), opening.line, tuple(instructions))
    hint = "Write FROM image, or FROM image AS name."
    raise wrong(path, opening.line, lines[opening.line - 1], "FROM takes one image.", hint)
