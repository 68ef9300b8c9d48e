"""Where a deployment's time went: each step's place on one line, for a glance. Pure."""

from dataclasses import dataclass
from datetime import datetime

from shipway.domain.deployment import StepRecord

WIDTH = 100.0
#: A step shorter than this is still to be seen.
_LEAST = 1.5


@dataclass(frozen=True, slots=True)
class Bar:
    """A step's stretch of the line, in hundredths of it."""

    start: float
    length: float


def bars(steps: tuple[StepRecord, ...], now: datetime) -> dict[str, Bar]:
    """The bars of the steps that have begun, by name; one that still runs reaches to `now`."""
    begun = [step for step in steps if step.started_at]
    if not begun:
        return {}
    first = min(step.started_at for step in begun if step.started_at)
    last = max(step.finished_at or now for step in begun)
    whole = max((last - first).total_seconds(), 0.001)
    return {step.name: _bar(step, first, whole, now) for step in begun}


def _bar(step: StepRecord, first: datetime, whole: float, now: datetime) -> Bar:
    assert step.started_at
    start = (step.started_at - first).total_seconds() / whole * WIDTH
    length = ((step.finished_at or now) - step.started_at).total_seconds() / whole * WIDTH
    shown = min(max(length, _LEAST), WIDTH)
    return Bar(round(min(start, WIDTH - shown), 2), round(shown, 2))
