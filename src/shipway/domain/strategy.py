"""How traffic moves from one release to the next (S6.2), and what watches over it afterwards."""

from dataclasses import dataclass
from typing import Literal

StrategyType = Literal["rolling", "bluegreen", "canary", "recreate"]
Promote = Literal["auto", "manual"]
GuardMode = Literal["off", "warn", "undo"]


@dataclass(frozen=True, slots=True)
class Strategy:
    """`rolling`: new beside old, then all requests at once. `bluegreen`: the same, with a stop at *Ready* when `promote` is
    `manual`. `canary`: some of the requests first, judged, then more. `recreate`: the old ones stop before the new start."""

    type: StrategyType = "rolling"
    #: Blue-green only: whether the switch waits for somebody's word.
    promote: Promote = "auto"
    #: Canary only: percent of the requests that the new instances get, step by step, before they get all.
    steps: tuple[int, ...] = (10, 50)
    #: Canary only: seconds that each step lasts.
    interval: float = 60.0
    #: Canary only: requests that the new instances must have answered before a step can be judged.
    sample: int = 300


@dataclass(frozen=True, slots=True)
class Guard:
    """Watches a deployment after it went live: when errors (5xx) rise over what the former release had, it warns, or it
    undoes the deployment."""

    mode: GuardMode = "undo"
    #: Seconds after the switch in which it watches.
    window: float = 300.0
