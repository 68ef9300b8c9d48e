"""Old instances making room for new ones a few at a time, where there is no room for all of both (S6.3). Pure.

No process type is without an instance meanwhile, and one old `web` instance stays until the switch: the route leads to it.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from shipway.domain.capacity import Capacity
from shipway.domain.plan import Move
from shipway.domain.process import WEB
from shipway.pipeline.situation import count, process_of


@dataclass
class _Exchange:
    """How it goes, move by move."""

    free: Capacity
    #: Of one new instance, and of one old.
    takes: Capacity
    gives: Capacity
    old: list[str]
    moves: list[Move] = field(default_factory=list)
    up: Counter[str] = field(default_factory=Counter)

    def make_room(self) -> bool:
        """Stop old ones until another new one fits; False when none may be stopped any more."""
        while not self._fits():
            spare = next((name for name in self.old if self._may_stop(process_of(name))), None)
            if spare is None:
                return False
            self.park(spare)
        return True

    def park(self, name: str) -> None:
        """Stop this one."""
        self.old.remove(name)
        self.free = self.free + self.gives
        self.moves.append(Move("park", name))

    def start(self, name: str) -> None:
        """Start this one."""
        self.free = self.free.less(self.takes)
        self.up[process_of(name)] += 1
        self.moves.append(Move("start", name))

    def _fits(self) -> bool:
        return self.free.less(self.takes).short_of in ("", "cpu")

    def _may_stop(self, process: str) -> bool:
        left = count(self.old)[process]
        return left > 1 or (process != WEB and self.up[process] > 0)


def one_by_one(
    free: Capacity,
    takes: Capacity,
    gives: Capacity,
    *,
    old: Iterable[str],
    new: Iterable[str],
    exclusive: Iterable[str],
) -> tuple[Move, ...] | None:
    """Starts and parks in order; `None` where it can't be done, or not without an interruption. `takes` and `gives`: of one
    new instance and one old; `exclusive`: process types of which an old one never runs beside a new one."""
    exchange, last = _Exchange(free, takes, gives, list(old)), set(exclusive)
    # `web` last: of the others an old one may go as soon as a new one is up, and makes room.
    for name in sorted(new, key=lambda name: (process_of(name) in last, process_of(name) == WEB)):
        if process_of(name) in last:
            for predecessor in [each for each in exchange.old if process_of(each) == process_of(name)]:
                exchange.park(predecessor)
        if not exchange.make_room():
            return None
        exchange.start(name)
    # Without a new one that is up before an old one goes, it would be stop-first by another name.
    return tuple(exchange.moves) if exchange.moves[0].verb == "start" else None
