"""`.env` files: NAME=value lines, as most tools read them."""

import re
from collections.abc import Iterable

import click

_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*")
_QUOTED = re.compile(r"""(?P<quote>["'])(?P<text>.*)(?P=quote)\s*(?:#.*)?""")


def parse(lines: Iterable[str], name: str) -> dict[str, str]:
    """The values of a file; raises `UsageError` with the line that can't be read."""
    values: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.rstrip("\r\n"))
        if not match:
            # Not the line itself: it may hold a secret.
            raise click.UsageError(f"{name}:{number} is not of the form NAME=value.")
        values[match[1]] = _value(match[2])
    return values


def _value(text: str) -> str:
    quoted = _QUOTED.fullmatch(text)
    if not quoted:
        return re.split(r"\s+#", text, maxsplit=1)[0]
    if quoted["quote"] == "'":
        return quoted["text"]
    return quoted["text"].replace(r"\n", "\n").replace(r"\"", '"')
