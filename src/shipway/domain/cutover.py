"""The cutover report: what moving traffic to a deployment did to requests, by the proxy's own counts (S6.7)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from shipway.domain.traffic import Traffic

Verdict = Literal["zero-drop proven", "violated", "interrupted", "no traffic", "not known"]


@dataclass(frozen=True, slots=True)
class Drained:
    """One old set, from when traffic had moved until it was retired."""

    #: Requests that ended there: those in flight, and those that were on their way.
    requests: int = 0
    #: In flight there when traffic had moved.
    in_flight: int = 0
    #: Still there when the drain timeout was reached.
    cut: int = 0
    errors_5xx: int = 0
    #: Connections to its instances that failed or broke.
    broken: int = 0
    #: False: nobody saw the whole of it, as when Shipway was killed in between.
    seen: bool = True
    #: Its longest response time in ms lies between these two: the proxy knows the longest since the set was added only.
    slowest_from: int = 0
    slowest_to: int = 0


@dataclass(frozen=True, slots=True)
class Cutover:
    """From when traffic had moved until the last old set was retired. Counts are of requests, of all hosts of the service.

    An app's own 5xx are told and don't weigh: they came through, and it may give them at any time. What weighs is what the
    change itself could have done: requests cut, connections refused or broken.
    """

    #: Answered by the old set and by the new one.
    old: int = 0
    new: int = 0
    #: In flight on the old set when traffic had moved; each of them ended by itself or was cut.
    in_flight: int = 0
    drained: int = 0
    cut: int = 0
    errors_5xx: int = 0
    broken: int = 0
    seen: bool = True
    #: Longest time in ms until an answer began; 0 when it is less than one, or can't be told from those before the switch.
    slowest_ms: int = 0
    #: The old ones had to stop first: requests were told to come again meanwhile (503 with Retry-After).
    interrupted: bool = False
    #: Requests of Shipway's own that were made through the proxy around the switch; and those that got no answer.
    asked: int = 0
    lost: int = 0

    @property
    def verdict(self) -> Verdict:
        """Whether anything was dropped."""
        if self.cut or self.broken or self.lost:
            return "violated"
        if self.interrupted:
            return "interrupted"
        if not self.seen:
            return "not known"
        return "zero-drop proven" if self.old + self.new + self.in_flight else "no traffic"

    @property
    def summary(self) -> str:
        """In one line."""
        slowest = f", the slowest answered after {self.slowest_ms} ms" if self.slowest_ms else ""
        asked = f"; of {self.asked} of our own {self.lost} lost" if self.asked else ""
        return (
            f"{self.verdict}: {self.old} requests to the old set and {self.new} to the new one, "
            f"{self.drained} drained, {self.cut} cut, {self.broken} broken{slowest}{asked}"
        )


def drained(then: Traffic | None, now: Traffic | None) -> Drained:
    """What an old set did from when traffic had moved until it is retired, by what the proxy had counted at either time.

    Counts begin anew when the proxy is reloaded; less than before means that something was not seen.
    """
    if then is None or now is None or now.requests < then.requests:
        return Drained(in_flight=then.in_flight if then else 0, cut=now.in_flight if now else 0, seen=False)
    return Drained(
        requests=now.requests - then.requests,
        in_flight=then.in_flight,
        cut=now.in_flight,
        errors_5xx=max(0, now.errors_5xx - then.errors_5xx),
        broken=max(0, now.connection_errors - then.connection_errors),
        slowest_from=now.slowest_ms if now.slowest_ms > then.slowest_ms else 0,
        slowest_to=now.slowest_ms if now.requests > then.requests else 0,
    )


@dataclass(frozen=True, slots=True)
class Shift:
    """How traffic moved, besides what the proxy counts."""

    #: See `Cutover`.
    interrupted: bool = False
    asked: int = 0
    lost: int = 0
    #: Requests cut as the old ones had to stop first.
    cut: int = 0


def cutover(old: Iterable[Drained], new: Traffic | None, shift: Shift | None = None) -> Cutover:
    """The report on a deployment whose set is `new`, which the proxy has counted since the switch."""
    sets, mine, how = tuple(old), new or Traffic(), shift or Shift()
    seen = new is not None and all(each.seen for each in sets)
    cut = sum(each.cut for each in sets) + how.cut
    in_flight = sum(each.in_flight for each in sets)
    return Cutover(
        old=sum(each.requests for each in sets),
        new=mine.requests,
        in_flight=in_flight,
        drained=max(0, in_flight - sum(each.cut for each in sets)),
        cut=cut,
        errors_5xx=sum(each.errors_5xx for each in sets) + mine.errors_5xx,
        broken=sum(each.broken for each in sets) + mine.connection_errors,
        seen=seen,
        slowest_ms=_slowest(sets, mine) if seen else 0,
        interrupted=how.interrupted,
        asked=how.asked,
        lost=how.lost,
    )


def _slowest(old: tuple[Drained, ...], new: Traffic) -> int:
    """The new set's longest is all after the switch; an old one's counts when it is known, or could not be longer."""
    least = max([new.slowest_ms, *(each.slowest_from for each in old)])
    most = max([new.slowest_ms, *(each.slowest_to for each in old)])
    return least if least == most else 0
