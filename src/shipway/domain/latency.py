"""What a request typically took, out of a mean that only fades.

The proxy tells the mean of the recent requests, and one that hung for half a minute lifts it for a thousand others. What
was answered between two looks can be told from both means; the median of that, over all looks, is what is typical: a
request that hung is in one of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median_low

from shipway.domain.traffic import RECENT

#: Fewer requests between two looks say nothing by themselves: the mean comes in whole milliseconds.
_ENOUGH = 25
#: Of as many pieces, the median is of none that a single request spoilt.
_PIECES = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """What the proxy said at one look of an instance, or of a set."""

    #: Answered since it began to count.
    requests: int
    #: Milliseconds: of the first `RECENT` the plain mean, from then on each weighs one in so many.
    mean: float


def typical(readings: Sequence[Reading], *, instances: int = 1) -> float | None:
    """Milliseconds that a request took of a set of so many instances, by these looks, oldest first; what was answered before
    the first does not count. `None`: fewer than three times 25 requests, or fewer than three looks after the first. Where
    the proxy began to count anew, only what it counted in that moment is lost."""
    between = tuple(_between(readings, RECENT * instances))
    return median_low(between) if len(between) >= _PIECES else None


def _between(readings: Sequence[Reading], window: int) -> Iterator[float]:
    since: Reading | None = None
    for reading in readings:
        if since is None or reading.requests < since.requests:
            since = reading
        elif reading.requests - since.requests >= _ENOUGH:
            yield max(0.0, _mean(since, reading, window))
            since = reading


def _mean(since: Reading, now: Reading, window: int) -> float:
    """Of what came between the two: what is left of the former sum is taken off, and the rest is spread over its weights."""
    growing = max(0, min(now.requests, window) - since.requests)
    left = (1 - 1 / window) ** (now.requests - since.requests - growing)
    former, latter = (each.mean * min(each.requests, window) for each in (since, now))
    return (latter - former * left) / (growing * left + window * (1 - left))
