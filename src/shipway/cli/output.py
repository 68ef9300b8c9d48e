"""What commands print: tables for people, JSON for programs."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import click

from shipway.client.models import Deployment

_COLOURS = {
    "running": "green",
    "live": "green",
    "complete": "green",
    "active": "green",
    "failed": "red",
    "error": "red",
    "degraded": "yellow",
    "deploying": "cyan",
    "queued": "cyan",
    "ready": "cyan",
    "pending": "bright_black",
    "skipped": "bright_black",
    "superseded": "bright_black",
}


def print_json(value: Any) -> None:
    """A value as it came from the server."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(headers: Sequence[str], rows: Iterable[Sequence[str]], empty: str = "") -> None:
    """Columns as wide as they need to be; `empty` on stderr when there is no row."""
    lines = [list(row) for row in rows]
    if not lines:
        click.echo(empty or "None.", err=True)
        return
    widths = [max(len(cell) for cell in column) for column in zip(headers, *lines, strict=True)]
    click.secho(_line(headers, widths), bold=True)
    for line in lines:
        padded = _line(line, widths)
        click.echo(_painted(padded, line))


def print_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Names and values, one pair a line; those without a value are left out."""
    shown = [(name, value) for name, value in facts if value]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        click.echo(f"{click.style(name.ljust(width), bold=True)}  {paint(value)}")


def on_one_line(text: str, most: int = 0) -> str:
    """Any text where there is room for a line, cut to `most` characters unless that is 0. What would move a terminal's
    cursor, or colour it, is told instead of done."""
    line = "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
    return f"{line[: most - 1]}…" if 0 < most < len(line) else line


def note(text: str) -> None:
    """Something for people that is not the command's result."""
    click.echo(text, err=True)


def paint(state: str) -> str:
    """A state in its colour; other text as it is."""
    return click.style(state, fg=_COLOURS[state]) if state in _COLOURS else state


def ago(moment: str | None, now: datetime | None = None) -> str:
    """How long ago an ISO 8601 moment was: `3 min ago`."""
    if not moment:
        return ""
    seconds = ((now or datetime.now(UTC)) - datetime.fromisoformat(moment)).total_seconds()
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return "just now" if seconds < 5 else f"{int(seconds)} s ago"


def label(deployment: Deployment) -> str:
    """A deployment's state in a word: what it does while it runs."""
    return "Ready" if deployment["state"] == "ready" else deployment["status_label"]


def is_terminal() -> bool:
    """Whether a person watches what is printed."""
    return sys.stdout.isatty()


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _painted(line: str, cells: Sequence[str]) -> str:
    for cell in cells:
        if cell in _COLOURS:
            return line.replace(cell, paint(cell), 1)
    return line
