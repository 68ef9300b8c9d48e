"""How the instances of a live deployment are, beyond what the engine says of each at this moment."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shipway.domain.restart import Restart
from shipway.domain.workload import Instance

#: So long after an instance has ended its service counts as degraded: an app that crashes again and again looks well in
#: between, and is held back by the engine for up to a minute.
UNSTEADY = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Vitals:
    """Of one service. Without a live deployment there is nothing to tell."""

    #: Names of all instances that are to run.
    wanted: frozenset[str] = frozenset()
    #: Names of those that get no requests because they are not ready.
    unready: frozenset[str] = frozenset()
    #: Why those that have ended since they are live did, the last time.
    restarts: Mapping[str, Restart] = field(default_factory=dict)

    def are_good(self, now: datetime) -> bool:
        """As far as can be told without asking the engine."""
        return not self.unready and all(now - restart.at > UNSTEADY for restart in self.restarts.values())

    def are_complete(self, instances: Collection[Instance]) -> bool:
        """Whether all that are to run do."""
        return self.wanted <= {instance.name for instance in instances if instance.state == "running"}

    def restarts_of(self, instance: Instance) -> int:
        """Times it was started again, by the engine and by Shipway."""
        known = self.restarts.get(instance.name)
        return instance.restarts + (known.hung if known else 0)
