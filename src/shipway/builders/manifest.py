"""`shipway.toml`: what a service says about itself beside its source. Every key is known, or a mistake and said so.

One with `[services.NAME]` describes an environment instead (`shipway apply`)."""

import difflib
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

from shipway.builders.declared import Document, Said, Value
from shipway.builders.detectors.tree import Tree
from shipway.builders.toml_lines import key_lines, line_of
from shipway.domain.artifacts import Finding
from shipway.domain.errors import AnalysisFailed, Invalid
from shipway.domain.probe import ProbeType
from shipway.domain.process import argv, process_name

NAME = "shipway.toml"
#: The table that makes it a file for an environment, which no build reads.
ENVIRONMENT = "services"
#: Instances of a process type that a file may ask for.
MOST_INSTANCES = 50

Check = Callable[[Any], Value]


def read(tree: Tree) -> Document:
    """What the file declares; nothing when there is none.

    Raises `AnalysisFailed` (`manifest-error`) with the line: it is no TOML, a key is unknown, or a value can't be right.
    """
    content = tree.toml(NAME)
    lines = key_lines(tree.text(NAME))
    if ENVIRONMENT in content:
        told = "It describes an environment, for `shipway apply`, and says nothing about this source."
        first = min((line for key, line in lines.items() if key.split(".")[0] == ENVIRONMENT), default=1)
        return Document(evidence=(Finding(told, f"{NAME}:{first}"),))
    said: dict[str, Said] = {}
    for key, place, value in _values(content, lines):
        if key in said:
            raise _wrong(place, lines, f"{said[key].where} says already how web is started.", "Keep one of the two.")
        said[key] = Said(value, f"{NAME}:{line_of(lines, place)}")
    _check_provider(said, lines)
    return Document(_with_health_type(said, lines))


def _values(content: Mapping[str, Any], lines: dict[str, int]) -> Iterator[tuple[str, str, Value]]:
    """Key, place of the key in the file, and checked value of all that is in it."""
    for name, value in content.items():
        if name in _TABLES:
            yield from _table(name, value, lines)
        else:
            yield name, name, _checked(_TOP, "", name, value, lines)


def _table(table: str, values: Any, lines: dict[str, int]) -> Iterator[tuple[str, str, Value]]:
    if not isinstance(values, Mapping):
        raise _wrong(table, lines, f"{table} is a table.", f"Write [{table}] in a line of its own, its keys below.")
    if table == "processes":
        yield from _processes(values, lines)
        return
    for name, value in values.items():
        key = f"{table}.{name}"
        yield "processes.web" if key == "build.start" else key, key, _checked(_TABLES[table], table, name, value, lines)


def _processes(processes: Mapping[str, Any], lines: dict[str, int]) -> Iterator[tuple[str, str, Value]]:
    """`web = "command"`, or a table with `command` and `scale`."""
    for name, value in processes.items():
        place = f"processes.{name}"
        _valid(process_name, place, name, lines)
        if not isinstance(value, Mapping):
            yield place, place, _valid(_command, place, value, lines)
            continue
        for key, inner in value.items():
            checked = _checked(_PROCESS, place, key, inner, lines)
            yield place if key == "command" else f"scale.{name}", f"{place}.{key}", checked


def _checked(known: Mapping[str, Check], table: str, name: str, value: Any, lines: dict[str, int]) -> Value:
    key = f"{table}.{name}" if table else name
    if name not in known:
        raise _unknown(known, table, name, lines)
    return _valid(known[name], key, value, lines)


def _valid(check: Check, key: str, value: Any, lines: dict[str, int]) -> Value:
    try:
        return check(value)
    except Invalid as error:
        raise _wrong(key, lines, f"{key}: {error.message}", error.hint) from error


def _unknown(known: Mapping[str, Check], table: str, name: str, lines: dict[str, int]) -> AnalysisFailed:
    """With the nearest key there is: in this table, else in another."""
    key = f"{table}.{name}" if table else name
    here = [*known, *(() if table else _TABLES)]
    places = {other: f"{other}, under [{place}]" for place, keys in _TABLES.items() for other in keys}
    places |= {other: f"{other}, at the top, before the first [table]" for other in _TOP}
    if near := difflib.get_close_matches(name.lower(), here, 1, 0.6):
        advice = f"Did you mean {near[0]}? "
    elif name.lower() in _VARIABLES:
        advice = "Config vars are not kept in the source: `shipway config set NAME=value`. "
    else:
        elsewhere = difflib.get_close_matches(name.lower(), places, 1, 0.75)
        advice = f"Did you mean {places[elsewhere[0]]}? " if elsewhere else ""
    what = f"[{table}] has no key {name!r}." if table else f"there is no key or table {name!r}."
    return _wrong(key, lines, what, f"{advice}Known{f' in [{table}]' if table else ''}: {', '.join(here)}.")


def _check_provider(said: Mapping[str, Said], lines: dict[str, int]) -> None:
    """A Dockerfile is not for a provider that gets a generated one."""
    provider = said.get("build.provider")
    for key in ("dockerfile", "target"):
        if provider and provider.value != "dockerfile" and f"build.{key}" in said:
            what = f"{key} is for a Dockerfile, but provider is {provider.value!r}."
            raise _wrong(f"build.{key}", lines, what, "Remove the one or the other.")


def _with_health_type(said: Mapping[str, Said], lines: dict[str, int]) -> dict[str, Said]:
    """Whoever names a command means it to be run."""
    kind, command = said.get("health.type"), said.get("health.command")
    if kind and kind.value == "command" and not command:
        raise _wrong("health.type", lines, "the command is missing.", 'Add one: command = "python manage.py check".')
    if command and kind and kind.value != "command":
        what = f"command is for a check of type command, but type is {kind.value!r}."
        raise _wrong("health.command", lines, what, "Remove the one or the other.")
    return {**said, **({"health.type": Said("command", command.where)} if command and not kind else {})}


def _wrong(key: str, lines: dict[str, int], what: str, hint: str) -> AnalysisFailed:
    return AnalysisFailed(f"{NAME}:{line_of(lines, key)}: {what}", code="manifest-error", hint=hint)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise Invalid("this is no text, or an empty one.", hint='Write it in quotes, as in name = "text".')
    return value.strip()


def _command(value: Any) -> str:
    command = _text(value)
    argv(command, {})
    return command


def _release(value: Any) -> str:
    return "" if value == "" else _command(value)


def _commands(value: Any) -> tuple[str, ...]:
    return tuple(_text(each) for each in (value if isinstance(value, list) else [value]))


def _path(value: Any) -> str:
    path = _text(value)
    if posixpath.isabs(path):
        raise Invalid(f"{path!r} is not a path inside the source.", hint="Give it relative to this file.")
    return posixpath.normpath(path)


def _version(value: Any) -> str:
    text = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else _text(value)
    if not re.fullmatch(r"\d+(?:\.\d+){0,2}[\w.-]*", text):
        raise Invalid(f"{text!r} is no version.", hint='Write it in quotes: version = "3.12".')
    return text


def _packages(value: Any) -> tuple[str, ...]:
    packages = _commands(value)
    if wrong := next(
        (name for name in packages if not re.fullmatch(r"[a-z0-9][a-z0-9+.-]+(?:=[\w.+:~-]+)?", name)), ""
    ):
        raise Invalid(
            f"{wrong!r} is no name of a Debian package.", hint='For example: packages = ["ffmpeg", "libpq5"].'
        )
    return packages


def _number(least: int, most: int) -> Check:
    def check(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise Invalid(f"{value!r} is no whole number from {least} to {most}.", hint="Write it without quotes.")
        return value

    return check


def _seconds(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 1 <= value <= 86_400:
        raise Invalid(f"{value!r} is no number of seconds from 1 to 86400.", hint="For example: timeout = 60.")
    return float(value)


def _http_path(value: Any) -> str:
    if not re.fullmatch(r"/[!-~]*", path := _text(value)):
        raise Invalid(f"{path!r} is no path to ask for.", hint="It begins with / and holds no spaces: /healthz.")
    return path


def _kind(value: Any) -> str:
    if value not in get_args(ProbeType):
        raise Invalid(f"{value!r} is no kind of check.", hint='Write "http", "tcp", "command" or "none".')
    return str(value)


def _statuses(value: Any) -> tuple[int, ...]:
    statuses = value if isinstance(value, list) else [value]
    return tuple(int(_number(100, 599)(each)) for each in statuses)  # type: ignore[arg-type]


_PORT = _number(1, 65_535)
_TOP: dict[str, Check] = {"port": _PORT, "release": _release}
_PROCESS: dict[str, Check] = {"command": _command, "scale": _number(0, MOST_INSTANCES)}
_TABLES: dict[str, dict[str, Check]] = {
    "build": {
        "provider": _text,
        "dockerfile": _path,
        "target": _text,
        "context": _path,
        "version": _version,
        "install": _commands,
        "build": _commands,
        "start": _command,
        "packages": _packages,
    },
    "processes": {},
    "health": {
        "type": _kind,
        "command": _command,
        "path": _http_path,
        "port": _PORT,
        "timeout": _seconds,
        "success": _statuses,
        "interval": _seconds,
        "failures": _number(0, 1000),
    },
    "liveness": {
        "path": _http_path,
        "port": _PORT,
        "interval": _seconds,
        "timeout": _seconds,
        "failures": _number(1, 1000),
    },
}
#: What people look for who want to set config vars here.
_VARIABLES = {"env", "vars", "variables", "environment", "config", "secrets"}
