"""The accounts of `bench.cutover`: what clients saw and what was done, and which bound that breaks. Pure: no clock, no I/O."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

#: Of a service: one that changes and one beside it that never does.
CHANGED, BYSTANDER = "app", "bystander"
#: An operation of which more is wanted than its outcome, and an outcome that proves nothing.
CANARY, NOT_OFFERED = "canary, aborted", "not offered"


@dataclass(frozen=True)
class Answer:
    """One request that was answered, whole and as it should be. Times are seconds of the machine's clock."""

    service: str
    kind: str
    #: Number of the release that answered.
    release: int
    began: float
    ended: float


@dataclass(frozen=True)
class Lost:
    """One request that was not."""

    service: str
    kind: str
    why: str
    began: float
    ended: float
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.service}, {self.kind}: {self.why} {self.detail}".rstrip()


@dataclass(frozen=True)
class Closed:
    """One websocket that the other side closed."""

    service: str
    release: int
    opened: float
    closed: float
    detail: str = ""


@dataclass
class Ledger:
    """What all clients wrote down."""

    answers: list[Answer] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    closed: list[Closed] = field(default_factory=list)
    #: Messages that came back on a websocket, by service.
    echoes: Counter[str] = field(default_factory=Counter)
    #: Kept connections that the server closed while no request was on them, which it may.
    reopened: int = 0


@dataclass(frozen=True)
class Done:
    """One operation and how it ended."""

    number: int
    name: str
    #: The deployment's last state, or `not offered`, `refused`, `stuck`.
    outcome: str
    expected: bool
    asked: float
    ended: float
    #: Whether Shipway was killed in it.
    killed: bool = False
    detail: str = ""
    release: int | None = None


@dataclass(frozen=True)
class Reign:
    """From when to when a release of a service may answer, because a deployment of it had traffic or was about to."""

    release: int
    since: float
    until: float = inf


@dataclass(frozen=True)
class History:
    """What Shipway says it did with one service."""

    reigns: tuple[Reign, ...] = ()
    #: When a deployment had gone live, or one that had requests was sent none any more.
    moves: tuple[float, ...] = ()


@dataclass(frozen=True)
class Lived:
    """What became of one of them."""

    title: str
    #: Redeploys that went live, of so many.
    live: int
    wanted: int
    #: Codes that old instances ended with, and the one that they must have.
    exit_codes: Mapping[int, int]
    exit_code: int

    @property
    def broken(self) -> str:
        """Why nothing is proved of it; empty when it is."""
        if self.live < self.wanted:
            return f"{self.live} of {self.wanted} redeploys of what {self.title} went live"
        ends = ", ".join(f"{count} × {code}" for code, count in self.exit_codes.items())
        return "" if set(self.exit_codes) == {self.exit_code} else f"what {self.title} ended with {ends or 'nothing'}"


@dataclass(frozen=True)
class Accounts:
    """All of a run."""

    ledger: Ledger
    operations: Sequence[Done]
    histories: Mapping[str, History]
    #: Seconds that a websocket may stay on a set that has no traffic any more, by service.
    drain: Mapping[str, float]
    #: Kinds of requests that each service was asked.
    asked: Mapping[str, tuple[str, ...]]
    #: What of the installation was found that nobody wants, or missed.
    leftovers: tuple[str, ...] = ()
    #: The apps that make their own end difficult.
    stubborn: Sequence[Lived] = ()

    @property
    def lost(self) -> list[Lost]:
        """Requests that failed in any way, those included that a release answered which had no right to."""
        return sorted((*self.ledger.lost, *self._out_of_turn()), key=lambda lost: lost.ended)

    @property
    def cut_early(self) -> list[Closed]:
        """Websockets of services under change that were closed though no traffic had moved a drain timeout before."""
        changed = (closed for closed in self.ledger.closed if closed.service != BYSTANDER)
        return [closed for closed in changed if not self._may_close(closed)]

    @property
    def bystander_closed(self) -> list[Closed]:
        """Websockets of the service that nobody touches; there is no excuse."""
        return [closed for closed in self.ledger.closed if closed.service == BYSTANDER]

    @property
    def unexpected(self) -> list[Done]:
        """Operations that ended otherwise than they must."""
        return [done for done in self.operations if not done.expected]

    @property
    def silent(self) -> list[str]:
        """What was asked for and never answered: of that nothing is proved."""
        heard = {(answer.service, answer.kind) for answer in self.ledger.answers}
        kinds = [(service, kind) for service, names in self.asked.items() for kind in names]
        return [f"{service}, {kind}" for service, kind in kinds if (service, kind) not in heard]

    @property
    def by_canaries(self) -> int:
        """Requests that were answered by canaries that were aborted later."""
        aborted = self._aborted()
        return sum(answer.service == CHANGED and answer.release in aborted for answer in self.ledger.answers)

    def _aborted(self) -> set[int]:
        these = (done for done in self.operations if done.name == CANARY and done.outcome == "cancelled")
        return {done.release for done in these if done.release is not None}

    def broken(self) -> list[str]:
        """Bounds that do not hold, a sentence each; none is a proof."""
        return [text for count, text in self._bounds() if count]

    def _bounds(self) -> Iterator[tuple[int, str]]:
        yield len(self.lost), f"{len(self.lost)} requests failed"
        yield len(self.silent), f"never answered: {'; '.join(self.silent)}"
        yield len(self.bystander_closed), f"{len(self.bystander_closed)} websockets of the bystander were closed"
        yield len(self.cut_early), f"{len(self.cut_early)} websockets were cut before the drain timeout"
        yield len(self.unexpected), f"{len(self.unexpected)} operations did not end as they must"
        yield len(self.leftovers), f"left over at the end: {'; '.join(self.leftovers)}"
        for lived in self.stubborn:
            yield len(lived.broken), lived.broken
        aborted = self._aborted()
        yield int(bool(aborted) and not self.by_canaries), f"none of {len(aborted)} aborted canaries had a request"
        mute = [name for name in (CHANGED, BYSTANDER) if not self.ledger.echoes[name]]
        yield len(mute), f"no websocket of {' and '.join(mute)} ever spoke"

    def _out_of_turn(self) -> list[Lost]:
        """Answers of releases that had no traffic at any time between request and answer."""
        reigns = {name: _by_release(history.reigns) for name, history in self.histories.items()}
        return [
            Lost(
                answer.service, answer.kind, "answered out of turn", answer.began, answer.ended, f"by v{answer.release}"
            )
            for answer in self.ledger.answers
            if not any(
                reign.since <= answer.ended and answer.began <= reign.until
                for reign in reigns.get(answer.service, {}).get(answer.release, ())
            )
        ]

    def _may_close(self, closed: Closed) -> bool:
        moves = self.histories.get(closed.service, History()).moves
        latest = closed.closed - self.drain.get(closed.service, inf)
        return any(closed.opened <= moved <= latest for moved in moves)


def _by_release(reigns: Iterable[Reign]) -> dict[int, list[Reign]]:
    found: dict[int, list[Reign]] = {}
    for reign in reigns:
        found.setdefault(reign.release, []).append(reign)
    return found
