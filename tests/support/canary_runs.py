"""Whole canaries as random numbers: two releases, a proxy that counts them, and somebody who looks every second.

Latencies are heavy-tailed and come as HAProxy gives them: the plain mean of the first 512, from then on each request weighs
1/512 and what was there fades; in whole milliseconds, rounded up. The old release has served before, the new one has not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import ceil, log
from random import Random
from typing import Literal

from shipway.domain.judgement import Sample, judge
from shipway.domain.latency import Reading, typical

MEMORY = 512
#: `hung`: as `lognormal`, and one of 5000 takes half a minute; `none`: nobody knows how long anything takes.
Tail = Literal["lognormal", "pareto", "hung", "none"]


@dataclass(frozen=True)
class Release:
    """How a release behaves."""

    errors: float = 0.005
    #: Times the latency of the others.
    slowness: float = 1.0


@dataclass(frozen=True)
class Canary:
    """One run's setting. `requests` are those that the new release gets in each step."""

    new: Release = field(default_factory=Release)
    old: Release = field(default_factory=Release)
    requests: int = 500
    steps: Sequence[int] = (10, 50)
    looks: int = 60
    sample: int = 50
    tail: Tail = "lognormal"
    #: Milliseconds of the median request.
    median: float = 50.0


def aborts(canary: Canary, runs: int, seed: int) -> int:
    """How many of so many runs are aborted in any look of any step."""
    random = Random(f"{seed} {canary}")
    pool = () if canary.tail == "none" else _latencies(canary.tail, canary.median)
    return sum(_is_aborted(canary, random, pool) for _ in range(runs))


def _is_aborted(canary: Canary, random: Random, pool: Sequence[float]) -> bool:
    new, old = _Counted(random, pool, canary.new), _Counted(random, pool, canary.old)
    old.serve(3 * MEMORY)
    return any(_aborts_at(canary, percent, new, old) for percent in canary.steps)


def _aborts_at(canary: Canary, percent: int, new: "_Counted", old: "_Counted") -> bool:
    new.begin()
    old.begin()
    for look in range(canary.looks):
        mine = canary.requests * (look + 1) // canary.looks - new.requests
        new.serve(mine)
        old.serve(round(mine * (100 - percent) / percent))
        if judge(new.sample(), old.sample(), sample=canary.sample).verdict == "worse":
            return True
    return False


class _Counted:
    """A release behind the proxy."""

    def __init__(self, random: Random, pool: Sequence[float], release: Release) -> None:
        self._random, self._pool, self._release = random, pool, release
        self._ever, self._sum = 0, 0.0
        self._gap = self._next_gap()
        self.begin()

    def begin(self) -> None:
        self.requests, self.errors = 0, 0
        self._readings = [self._reading()]

    def sample(self) -> Sample:
        self._readings.append(self._reading())
        return Sample(self.requests, self.errors, typical(self._readings))

    def _reading(self) -> Reading:
        return Reading(self._ever, ceil(self._sum / max(1, min(self._ever, MEMORY))))

    def serve(self, count: int) -> None:
        self.requests += count
        while self._gap < count:
            self.errors += 1
            count -= self._gap + 1
            self._pass(self._gap + 1)
            self._gap = self._next_gap()
        self._gap -= count
        self._pass(count)

    def _pass(self, count: int) -> None:
        if not self._pool:
            return
        total, slowness = self._sum, self._release.slowness
        for number, value in enumerate(self._random.choices(self._pool, k=count), self._ever):
            total += value * slowness - (total / MEMORY if number >= MEMORY else 0)
        self._ever, self._sum = self._ever + count, total

    def _next_gap(self) -> int:
        """Requests without an error before the next one with."""
        rate = self._release.errors
        return int(log(1 - self._random.random()) / log(1 - rate)) if rate else 1 << 60


@lru_cache
def _latencies(tail: Tail, median: float) -> Sequence[float]:
    """Milliseconds that runs draw from: to make them takes longer than to draw."""
    random = Random(tail)
    return tuple(_latency(random, tail, median) for _ in range(50_000))


def _latency(random: Random, tail: Tail, median: float) -> float:
    if tail == "pareto":
        return median * random.paretovariate(2.1) / 2 ** (1 / 2.1)
    hung = tail == "hung" and random.random() < 1 / 5000
    return 30_000.0 if hung else median * random.lognormvariate(0, 1.5)
