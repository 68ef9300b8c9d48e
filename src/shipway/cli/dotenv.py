"""`.env` files, as most tools read and write them: NAME=value lines, quoted where that is needed, nothing filled in."""

import re
from collections.abc import Mapping
from io import StringIO

import click
from dotenv.parser import Binding, parse_stream

#: What every tool takes as it stands.
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=-]*")
#: What stands between single quotes as it is, in every dialect; between double ones some would fill in `$` and `` ` ``.
_LITERAL = re.compile(r"[^'\\\r\n]*")
_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"})
_LINE_END = re.compile(r"\r\n|\n|\r")


def parse(content: bytes, name: str) -> dict[str, str]:
    """The values of a file, the last one of each name. Raises `UsageError` with the line that can't be read."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise click.UsageError(f"{name}:{line} is not text in UTF-8.") from error
    return dict(_pair(binding, name) for binding in parse_stream(StringIO(text, newline="")) if not _is_blank(binding))


def write(values: Mapping[str, str]) -> str:
    """A file that `parse` reads the same values from, and other tools too."""
    return "".join(f"{name}={_quoted(value)}\n" for name, value in values.items())


def _is_blank(binding: Binding) -> bool:
    """An empty line, or a comment."""
    return binding.key is None and not binding.error


def _pair(binding: Binding, name: str) -> tuple[str, str]:
    if binding.error or binding.key is None or binding.value is None:
        # Not the line itself: it may hold a secret.
        at, what = f"{name}:{_line(binding)}", _what(binding)
        raise click.UsageError(f"{at} {what}")
    return binding.key, binding.value


def _what(binding: Binding) -> str:
    value = binding.original.string.partition("=")[2].lstrip()
    if value[:1] in {"'", '"'} and value:
        return f"begins a value with {value[0]} that does not end with it, or has something behind it."
    return "is not of the form NAME=value."


def _line(binding: Binding) -> int:
    """Of its first character: what was read begins with the empty lines before it."""
    text = binding.original.string
    return binding.original.line + len(_LINE_END.findall(text[: len(text) - len(text.lstrip())]))


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    if _LITERAL.fullmatch(value):
        return f"'{value}'"
    return f'"{value.translate(_ESCAPED)}"'
