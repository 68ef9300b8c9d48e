"""From the deployments of a service, as the API tells them, to when which release may have answered. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from math import inf
from typing import Any

from bench.cutover_account import History, Reign

#: Steps in which a deployment may have requests and not be live.
_SHIFTING = ("canary", "route")


def history(deployments: Iterable[Mapping[str, Any]], kills: Sequence[float] = ()) -> History:
    """`deployments` with their steps, in any order; `kills`: when Shipway was killed."""
    told = sorted(deployments, key=lambda each: int(each["number"]))
    moves = tuple(sorted(moved for each in told if (moved := _time(each["live_at"]))))
    reigns = (_reign(each, moves, kills) for each in told)
    taken_back = (_taken_back(each) for each in told)
    return History(tuple(reign for reign in reigns if reign), tuple(sorted({*moves, *filter(None, taken_back)})))


def _taken_back(deployment: Mapping[str, Any]) -> float | None:
    """When requests were sent back from a canary or a half-done switch: from then on its set drains, and nothing went live."""
    ends = (_time(step["finished_at"]) for step in deployment["steps"] if step["name"] in _SHIFTING)
    return None if deployment["live_at"] else max((end for end in ends if end), default=None)


def _reign(deployment: Mapping[str, Any], moves: Sequence[float], kills: Sequence[float]) -> Reign | None:
    """From the beginning of the first step that gives it requests to the next deployment's turn."""
    began = (_time(step["started_at"]) for step in deployment["steps"] if step["name"] in _SHIFTING)
    routed = min((time for time in began if time), default=None)
    if routed is None or deployment["release"] is None:
        return None
    live, asked = _time(deployment["live_at"]), _time(deployment["created_at"]) or 0.0
    if live is None:
        # It failed on the way, or was told to stop: what it had of the traffic is taken back by then.
        until = _time(deployment["finished_at"]) or inf
    else:
        until = min((moved for moved in moves if moved > live), default=inf)
    # A step that a kill interrupts begins twice, and only the second time is told.
    interrupted = any(asked <= kill <= (live or until) for kill in kills)
    return Reign(int(deployment["release"]), asked if interrupted else routed, until)


def _time(text: str | None) -> float | None:
    return datetime.fromisoformat(text).timestamp() if text else None
