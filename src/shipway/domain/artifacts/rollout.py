"""What `deploy` returns, and what is found out and done about it before it has the traffic."""

from dataclasses import dataclass, replace

from shipway.domain.plan import Plan
from shipway.domain.strategy import StrategyType


@dataclass(frozen=True, slots=True)
class Target:
    """One instance as the proxy sees it."""

    #: The instance's name, which is also the proxy's name for it.
    name: str
    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Rollout:
    """The started instances of one deployment."""

    deployment_id: str
    release_id: str
    #: Instances of `web`, in ordinal order.
    targets: tuple[Target, ...]
    #: Names of all instances that it is to have, of every process type, and of those that it took over.
    instances: tuple[str, ...]
    #: What it was started by; `None` in what was recorded before there were plans.
    plan: Plan | None = None
    #: Requests that were cut as the old ones had to stop first.
    cut: int = 0

    @property
    def strategy(self) -> StrategyType:
        """How traffic moves to it."""
        return self.plan.strategy if self.plan else "rolling"

    @property
    def in_place(self) -> bool:
        """Whether it is what was live before, to be shown other config files."""
        return self.plan is not None and self.plan.mode == "in-place"

    @property
    def waits(self) -> bool:
        """Whether the switch waits for somebody's word."""
        return self.plan is not None and self.plan.waits

    @property
    def handover(self) -> tuple[str, ...]:
        """Those that start only when their predecessors have ended."""
        return self.plan.handover if self.plan else ()

    @property
    def first(self) -> tuple[str, ...]:
        """The others."""
        return tuple(name for name in self.instances if name not in self.handover)

    @property
    def summary(self) -> str:
        """In one line, for the table of steps."""
        taken = len(self.plan.named("adopt")) if self.plan else 0
        started = len(self.first) - taken
        return ", ".join(
            filter(None, (f"{taken} taken over" if taken else "", f"{started} started" if started else ""))
        )


@dataclass(frozen=True, slots=True)
class Health:
    """How the rollout passed."""

    #: Path or kind of check that answered, per instance the same: `GET /healthz → 200`.
    answered: str
    #: True when no strict check was configured and a fallback counted (S7.2).
    weak: bool = False
    hint: str = ""

    @property
    def summary(self) -> str:
        """In one line, for the table of steps."""
        return f"{self.answered}{', weakly verified' if self.weak else ''}"


@dataclass(frozen=True, slots=True)
class Tried:
    """A canary passed."""

    #: Requests that it answered while it was one, and how they compare.
    requests: int = 0
    why: str = ""

    @property
    def summary(self) -> str:
        """In one line, for the table of steps."""
        return self.why or "nothing to compare with"


@dataclass(frozen=True, slots=True)
class HandedOver:
    """Old instances have made way, and the new ones for which they did are up."""

    instances: tuple[str, ...]
    #: Where all `web` instances of the rollout are now; empty: where they were.
    targets: tuple[Target, ...] = ()
    #: Requests that were cut by it.
    cut: int = 0

    def to(self, rollout: Rollout) -> Rollout:
        """The rollout as it is from here on."""
        return replace(rollout, targets=self.targets or rollout.targets, cut=rollout.cut + self.cut)

    @property
    def summary(self) -> str:
        """In one line, for the table of steps."""
        return f"{len(self.instances)} handed over"


@dataclass(frozen=True, slots=True)
class Promoted:
    """Somebody gave the word."""

    @property
    def summary(self) -> str:
        """In one line, for the table of steps."""
        return "promoted"
