"""A live instance as the watchman knows it: what is asked of it, when, and how it has answered so far."""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from shipway.domain.artifacts import Target
from shipway.domain.backoff import Backoff
from shipway.domain.probe import Liveness, Question

#: Seconds between two questions to one that gets no requests: it is to have some as soon as it can.
_SOON = 1.0
#: An interval is up to so much longer or shorter, so that not all are asked at the same moment.
_JITTER = 0.1


@dataclass(frozen=True, slots=True)
class Post:
    """What is the same for all instances of a live deployment."""

    deployment_id: str
    service_id: str
    #: `None`: readiness is not asked for.
    question: Question | None
    #: Of readiness: seconds between two questions, and failures in a row that count.
    interval: float
    failures: int
    liveness: Liveness
    #: Seconds that an instance has to come up.
    startup: float
    stop_grace: float
    #: What its instances are given, apart from secrets and from their own names, and the names of the secrets: a command
    #: that is run may refer to them.
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: frozenset[str] = frozenset()


@dataclass(slots=True)
class Charge:
    """One instance of `web`. Times are those of a clock that never goes back."""

    post: Post
    #: Host that it is asked as.
    host: str
    target: Target
    #: Whether it gets no requests.
    unready: bool
    #: When it was started, as far as we know.
    since: float
    #: Something is being asked of it, or done to it.
    busy: bool = False
    #: Its command is being run: apart from all else, as it may take longer.
    running: bool = False
    #: Readiness and liveness failures in a row.
    failed: int = 0
    hung: int = 0
    #: Whether it has passed its liveness probe since it was started.
    alive: bool = False
    #: Exits to come that are our doing.
    our_exits: int = 0
    backoff: Backoff = field(default_factory=Backoff)
    next_readiness: float = -math.inf
    next_liveness: float = -math.inf

    @property
    def asks_readiness(self) -> bool:
        """Also of one that was taken out by a rule that is no more, so that it comes back."""
        return self.post.question is not None or self.unready

    @property
    def runs(self) -> bool:
        """Whether a command tells if it is ready."""
        return self.post.question is not None and bool(self.post.question.command)

    def is_due(self, now: float) -> bool:
        """Whether there is something to ask it."""
        asked = self.readiness_is_due(now) and not self.runs
        return not self.busy and (asked or self.liveness_is_due(now))

    def run_is_due(self, now: float) -> bool:
        """Whether it is time to run its command."""
        return self.runs and not self.running and self.readiness_is_due(now)

    def readiness_is_due(self, now: float) -> bool:
        """Whether it is time to ask whether it is ready."""
        return self.asks_readiness and now >= self.next_readiness

    def liveness_is_due(self, now: float) -> bool:
        """Whether it is time to ask whether it is alive."""
        return bool(self.post.liveness.path) and now >= self.next_liveness

    def answered_readiness(self, passed: bool, now: float) -> None:
        """Note an answer and when to ask again."""
        self.failed = 0 if passed else self.failed + 1
        self.next_readiness = now + _jittered(self.post.interval)

    def answered_liveness(self, passed: bool, now: float) -> None:
        """Note an answer and when to ask again."""
        self.alive = self.alive or passed
        self.hung = 0 if passed else self.hung + 1
        # Nobody may have heard of the exit while the engine's events were away.
        self.our_exits = 0 if passed else self.our_exits
        self.next_liveness = now + _jittered(self.post.liveness.interval)

    def is_to_be_taken_out(self) -> bool:
        """Whether it has failed often enough to get no more requests."""
        return not self.unready and self.failed >= max(1, self.post.failures)

    def is_to_be_restarted(self, now: float) -> bool:
        """Whether it has failed its liveness probe often enough, and was not restarted too lately. One that has not
        passed since its start has its startup time to do so."""
        started = self.alive or now - self.since >= self.post.startup
        return started and self.hung >= self.post.liveness.failures and self.backoff.allows(now)

    def hurry(self, now: float) -> None:
        """Ask for its readiness soon."""
        self.next_readiness = min(self.next_readiness, now + min(_SOON, self.post.interval))

    def began_again(self, now: float) -> None:
        """Its app ended and was started again: nothing is known of the new one."""
        self.since, self.alive, self.failed, self.hung = now, False, 0, 0
        self.next_liveness = now + _jittered(self.post.liveness.interval)


def _jittered(seconds: float) -> float:
    return seconds * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - nothing secret
