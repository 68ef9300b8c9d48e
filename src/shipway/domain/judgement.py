"""Whether a new release is worse than the old one, by what the proxy counted of both over the same minutes.

It may be asked at any time, as often as one likes, and the first *worse* may be acted upon. Between equals that happens in
less than 1 % of whole canary runs (`python -m bench.judgement` counts it):

- 5xx: among equals, each error is the new release's with a probability that is its share of the requests. How much
  better another share explains the errors seen, all other shares weighed alike, is a ratio that ever passes 1/α with a
  probability of at most α, however often one looks (Ville's inequality). Beside it, the same of the answers without error.
- latency: of a mean, nobody knows the spread of what was averaged. It is taken to be heavy-tailed, and what is left is
  allowed for twice: by a factor that shrinks with the number of requests, and by one request that took five seconds.
"""

from dataclasses import dataclass
from math import exp, lgamma, log, sqrt
from typing import Literal

from shipway.domain.traffic import RECENT

Verdict = Literal["good", "worse", "too few"]

#: α of one comparison; a canary makes one per step.
_ALPHA = 0.0005
#: Fewer errors than this prove nothing, nor does a rate that is higher by less.
_FEWEST_ERRORS, _LEAST_EXCESS = 5, 0.005
#: What the proxy's fading mean of many requests is worth in independent ones.
_WORTH = 2 * RECENT - 1
#: Allowance for heavy tails; in ms, the least that anybody would notice; one request that hung.
_SPREAD, _NOTICED, _HUNG = 12.0, 15.0, 5_000.0


@dataclass(frozen=True, slots=True)
class Sample:
    """What one release answered while the share of the requests that it got stayed as it was."""

    requests: int
    errors_5xx: int
    #: Milliseconds until an answer began, as is typical (`domain/latency.py`); `None`: not known.
    latency: float | None = None

    @property
    def rate(self) -> float:
        """Of the requests, how many were answered with 5xx: 0 to 1."""
        return self.errors_5xx / self.requests if self.requests else 0.0


@dataclass(frozen=True, slots=True)
class Judgement:
    """What comes of a comparison."""

    verdict: Verdict
    #: A sentence with the figures.
    why: str


def judge(new: Sample, old: Sample, *, sample: int, increase: float = 0.25) -> Judgement:
    """The new release against the old one. `too few` until the new one has answered `sample` requests and the old one any.
    A rate of 5xx that is higher by less than `increase` times the old one is no worse, be it ever so certain."""
    if new.requests < max(sample, 1) or not old.requests:
        return Judgement("too few", f"{_requests(new)} to the new release, {_requests(old)} to the old one")
    if _fails_more(new, old, increase):
        return Judgement("worse", f"more 5xx: {_errors(new, old)}")
    if _is_slower(new, old):
        return Judgement("worse", f"slower: {_latency(new, old)} over {_requests(new)}")
    return Judgement("good", "; ".join(filter(None, (f"5xx: {_errors(new, old)}", _latency(new, old)))))


def _fails_more(new: Sample, old: Sample, increase: float) -> bool:
    least = max(_LEAST_EXCESS, increase * old.rate)
    if new.errors_5xx < _FEWEST_ERRORS or new.rate - old.rate < least:
        return False
    share = new.requests / (new.requests + old.requests)
    of_errors = _evidence(new.errors_5xx, old.errors_5xx, share)
    of_others = _evidence(new.requests - new.errors_5xx, old.requests - old.errors_5xx, share)
    # The mean of two such ratios is one too; the larger is less than twice the mean.
    return max(of_errors, of_others) - log(2) >= -log(_ALPHA)


def _evidence(mine: int, others: int, share: float) -> float:
    """Logarithm of how much better some other share explains `mine` of `mine + others` than `share` does."""
    some = lgamma(mine + 1) + lgamma(others + 1) - lgamma(mine + others + 2)
    return some - mine * log(share) - others * log(1 - share)


def _is_slower(new: Sample, old: Sample) -> bool:
    if new.latency is None or old.latency is None:
        return False
    excess = max(_NOTICED, _HUNG / min(new.requests, RECENT))
    factor = exp(_SPREAD * sqrt(1 / min(new.requests, _WORTH) + 1 / min(old.requests, _WORTH)))
    return new.latency - old.latency >= excess and new.latency >= old.latency * factor


def _requests(sample: Sample) -> str:
    return f"{sample.requests} request{'' if sample.requests == 1 else 's'}"


def _errors(new: Sample, old: Sample) -> str:
    return (
        f"{new.errors_5xx} of {_requests(new)} ({_percent(new)}), "
        f"against {old.errors_5xx} of {old.requests} ({_percent(old)}) of the old release"
    )


def _percent(sample: Sample) -> str:
    return f"{sample.rate:.2%}".replace("%", " %")


def _latency(new: Sample, old: Sample) -> str:
    if new.latency is None or old.latency is None:
        return ""
    return f"{new.latency:.0f} ms, against {old.latency:.0f} ms of the old release"
