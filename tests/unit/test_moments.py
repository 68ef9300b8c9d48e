"""Moments are read as people type them."""

from datetime import UTC, datetime, timedelta

import click
import pytest

from shipway.cli.moments import moment

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("2h ago", timedelta(hours=2)),
        ("90 min ago", timedelta(minutes=90)),
        ("3 days", timedelta(days=3)),
        ("1w", timedelta(weeks=1)),
        ("0s ago", timedelta()),
        ("2026-11-21T11:00:00Z", timedelta(hours=1)),
        ("2026-11-21T11:00:00+02:00", timedelta(hours=3)),
    ],
)
def test_a_time_is_read(text: str, before: timedelta) -> None:
    assert moment(text, NOW) == NOW - before


def test_a_time_without_a_zone_is_in_this_machines() -> None:
    assert moment("2026-11-20", NOW) == datetime(2026, 11, 20).astimezone()


@pytest.mark.parametrize("text", ["", "yesterday", "2h hence", "2026-13-01", "-2h ago", "²h ago", "999999w ago"])
def test_what_is_no_time_is_told_with_what_is_one(text: str) -> None:
    with pytest.raises(click.UsageError, match="2h ago"):
        moment(text, NOW)


def test_the_future_is_refused() -> None:
    with pytest.raises(click.UsageError, match="yet to come"):
        moment("2026-11-21T12:00:01Z", NOW)
