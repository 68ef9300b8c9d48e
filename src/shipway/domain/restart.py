"""That a live instance's app ended and was started again, and why."""

import signal
from dataclasses import dataclass
from datetime import datetime

#: Exit codes above this one are a signal's number added to it.
_BY_SIGNAL = 128


@dataclass(frozen=True, slots=True)
class Restart:
    """The last one of an instance."""

    at: datetime
    #: `exit code 1`, `out of memory`, `failed /livez 3 times in a row` …
    reason: str
    #: Times that Shipway ended it because it failed its liveness probe; the engine counts the other restarts.
    hung: int = 0


def exit_reason(code: int | None, *, oom_killed: bool) -> str:
    """How an app ended, in words."""
    if oom_killed:
        return "out of memory"
    if code is None:
        return "ended"
    if code - _BY_SIGNAL in set(signal.Signals):
        return f"exit code {code} ({signal.Signals(code - _BY_SIGNAL).name})"
    return f"exit code {code}"
