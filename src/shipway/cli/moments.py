"""Moments as people type them: `2h ago`, `2026-11-21`, `2026-11-21T14:00:00Z`."""

import re
from datetime import UTC, datetime, timedelta

import click

_AGO = re.compile(
    r"(\d{1,6})\s*(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?|w|weeks?)(?:\s+ago)?", re.IGNORECASE | re.ASCII
)
_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def moment(text: str, now: datetime | None = None) -> datetime:
    """In UTC; what has no time zone is in this machine's. Raises `UsageError` for what is none, and for the future."""
    present = now or datetime.now(UTC)
    ago = _AGO.fullmatch(text.strip())
    try:
        found = present - int(ago[1]) * _UNITS[ago[2][0].lower()] if ago else _iso(text.strip())
    except (ValueError, OverflowError) as error:
        raise click.UsageError(
            f"{text!r} is no time. Write `2h ago`, `3d ago`, `2026-11-21` or `2026-11-21T14:00`, with `Z` for UTC."
        ) from error
    if found > present:
        raise click.UsageError(f"{text} has yet to come: it is {present:%Y-%m-%dT%H:%M:%SZ}.")
    return found


def _iso(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
