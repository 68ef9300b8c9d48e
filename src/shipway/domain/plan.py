"""The plan of a deployment: what it does to what runs, decided and recorded before anything changes (S6.3)."""

from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Literal

from shipway.domain.capacity import Capacity
from shipway.domain.change import ChangeWord
from shipway.domain.origin import ImageOrigin
from shipway.domain.strategy import StrategyType

#: `overlap`: the new instances start beside the old ones; `overlap-one-by-one`: a few at a time, for which old ones stop;
#: `stop-first`: the old ones stop before the new ones start; `in-place`: there are none, as only config files change.
Mode = Literal["overlap", "overlap-one-by-one", "stop-first", "in-place"]
#: What forbids an overlap, of all instances or in an `overlap` of those that are handed over: the user's own choice, too
#: little memory, or a volume or a device that only one can have.
Reason = Literal["", "user", "memory", "volume", "device"]
#: `adopt`: take over one that still stands; `park`: stop one for its successor, to be started again should that fail;
#: `publish`: let those that were taken over see the config files of the release.
Verb = Literal["evict", "run", "adopt", "start", "park", "publish", "switch", "stop"]


@dataclass(frozen=True, slots=True)
class Move:
    """One act on the world."""

    verb: Verb
    #: Name of the instance; of the release for `run` (its release command), `publish` and `switch`; of the deployment for
    #: `evict`.
    what: str


@dataclass(frozen=True, slots=True)
class Round:
    """Some old instances stop, then some new ones start."""

    parks: tuple[str, ...]
    starts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProcessChange:
    """How many instances of a process type there are."""

    name: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """Something that instances are given, and that is not what it is in the release that serves now."""

    #: Of a file, the path that instances see it at, which begins with `/`.
    name: str
    change: ChangeWord
    kind: Literal["variable", "secret", "secret-file", "file"] = "variable"
    #: Of a secret, its version; of a file, the hash of its content; of a config var nothing: never its value.
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done, in order, and why in this way."""

    #: Release that is to serve, and its image as people know it.
    release: int
    image: str
    #: Release that serves now; `None` for none.
    replaces: int | None
    strategy: StrategyType
    mode: Mode
    reason: Reason
    #: The reason as a sentence.
    why: str
    moves: tuple[Move, ...]
    #: Process types of which there is none for a while.
    interrupts: tuple[str, ...] = ()
    #: What the new instances take; and what is free for them while the old ones run.
    needed: Capacity = field(default_factory=Capacity)
    free: Capacity = field(default_factory=Capacity)
    processes: tuple[ProcessChange, ...] = ()
    config: tuple[ConfigChange, ...] = ()
    warnings: tuple[str, ...] = ()
    #: Instances that may start at the same time.
    at_once: int = 2
    #: Whether the switch waits for somebody's word.
    waits: bool = False
    #: Release whose image is taken, where the release that is to serve is a new one all the same.
    image_from: ImageOrigin | None = None
    #: Of a rollback that is only asked about: what today's config has otherwise than the release that one goes back to.
    today: tuple[ConfigChange, ...] = ()
    #: Of one whose image was pruned: the commit or upload that it is built from again.
    rebuilds_from: str = ""

    @property
    def summary(self) -> str:
        """In one line."""
        what = f"v{self.release} instead of v{self.replaces}" if self.replaces else f"v{self.release}"
        gap = f", {' and '.join(self.interrupts)} interrupted" if self.interrupts else ", no interruption"
        word = ", waits for a promotion" if self.waits else ""
        return f"{what}: {self.strategy}, {self.mode}{gap}{word}"

    def named(self, verb: Verb) -> tuple[str, ...]:
        """What one kind of move is done to, in order."""
        return tuple(move.what for move in self.moves if move.verb == verb)

    @property
    def first(self) -> tuple[str, ...]:
        """Instances that start before anything else of the service is stopped, or after all of it in `stop-first`."""
        return tuple(name for name in self.named("start") if name not in self.handover)

    @property
    def rounds(self) -> tuple[Round, ...]:
        """What happens once the first ones are up: old instances make way for those that can't run beside them."""
        if self.mode == "stop-first":
            return ()
        runs = [
            (verb, tuple(move.what for move in run)) for verb, run in groupby(self.moves, key=lambda move: move.verb)
        ]
        return tuple(
            Round(what, after if then == "start" else ())
            for (verb, what), (then, after) in pairwise(runs)
            if verb == "park"
        )

    @property
    def handover(self) -> tuple[str, ...]:
        """Instances that start only when the first ones are up and others have ended for them."""
        return tuple(name for each in self.rounds for name in each.starts)
