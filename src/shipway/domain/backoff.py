"""Pauses that grow: what does not help is tried less and less often."""

import math
from dataclasses import dataclass

#: Seconds.
FIRST, LONGEST = 1.0, 300.0
#: Seconds without a restart after which the pauses are short again.
QUIET = 2 * LONGEST


@dataclass(frozen=True, slots=True)
class Backoff:
    """When something may be restarted again: after 1 s, 2 s, 4 s … and at most 5 minutes."""

    #: In a row, without a quiet while between two.
    restarts: int = 0
    #: When the last one was, in seconds of a clock that never goes back.
    last: float = -math.inf

    @property
    def pause(self) -> float:
        """Seconds from the last restart to the next; 0 when there was none."""
        return min(FIRST * 2.0 ** min(self.restarts - 1, 64), LONGEST) if self.restarts else 0.0

    def allows(self, now: float) -> bool:
        """Whether the pause is over."""
        return now - self.last >= self.pause

    def restarted(self, now: float) -> "Backoff":
        """With one more restart."""
        return Backoff(1 if now - self.last > QUIET else self.restarts + 1, now)
