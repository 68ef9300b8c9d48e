"""The Procfile (S3.4): `name: command`, one process type a line; `release:` is the release command."""

import re
from dataclasses import dataclass

from shipway.domain.errors import AnalysisFailed, Invalid
from shipway.domain.process import ProcessType, argv, process_name

NAME = "Procfile"
RELEASE = "release"
_LINE = re.compile(r"([^:\s]+)\s*:\s*(.*)")


@dataclass(frozen=True, slots=True)
class Procfile:
    """What the file names, in its order."""

    processes: tuple[ProcessType, ...] = ()
    release_command: str = ""
    #: Line number of each name, `release` included.
    lines: tuple[tuple[str, int], ...] = ()


def parse(text: str) -> Procfile:
    """Read a Procfile; blank lines and those that start with `#` are skipped.

    Raises `AnalysisFailed` (`procfile-error`) with the line number for a line without a name or command, a name that
    can't name a process type, a command whose quotes don't match, and a name that comes twice.
    """
    commands: dict[str, str] = {}
    lines: dict[str, int] = {}
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        name, command = _read(line, number)
        if name in commands:
            raise _wrong(
                number, line, f"{name!r} is already named in line {lines[name]}.", "Give each process its own name."
            )
        commands[name], lines[name] = command, number
    processes = tuple(ProcessType(name, command) for name, command in commands.items() if name != RELEASE)
    return Procfile(processes, commands.get(RELEASE, ""), tuple(lines.items()))


def _read(line: str, number: int) -> tuple[str, str]:
    match = _LINE.fullmatch(line)
    if not match or not match[2]:
        what = "there is no command after the name." if match else "this is no `name: command`."
        raise _wrong(number, line, what, "Write a name, a colon and the command: web: gunicorn app:app")
    name, command = match[1], match[2]
    try:
        process_name(name)
        argv(command, {})
    except Invalid as error:
        suggestion = f" Write {name.lower()}: for {name}:." if name != name.lower() else ""
        raise _wrong(number, line, error.message, error.hint + suggestion) from error
    return name, command


def _wrong(number: int, line: str, what: str, hint: str) -> AnalysisFailed:
    return AnalysisFailed(f"{NAME}:{number}: {what}", code="procfile-error", hint=hint, evidence=[f"{number}: {line}"])
