"""What a machine has and what instances take of it: hard limits, added up (S9.2)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shipway.domain.process import Resources


@dataclass(frozen=True, slots=True)
class Capacity:
    """An amount of what instances are given."""

    #: Bytes.
    memory: int = 0
    #: Cores.
    cpus: float = 0.0
    #: Whole devices by kind.
    devices: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: "Capacity") -> "Capacity":
        return Capacity(
            self.memory + other.memory, self.cpus + other.cpus, dict(Counter(self.devices) + Counter(other.devices))
        )

    def less(self, other: "Capacity") -> "Capacity":
        """What is left of this without the other; what is short is negative."""
        kinds = {*self.devices, *other.devices}
        left = {kind: self.devices.get(kind, 0) - other.devices.get(kind, 0) for kind in sorted(kinds)}
        return Capacity(self.memory - other.memory, self.cpus - other.cpus, left)

    @property
    def short_of(self) -> str:
        """The first thing there is less than nothing of: a kind of device, `memory` or `cpu`; empty when there is none."""
        short = next((kind for kind, count in self.devices.items() if count < 0), "")
        return short or ("memory" if self.memory < 0 else "cpu" if round(self.cpus, 6) < 0 else "")


def taken(resources: Resources, instances: int) -> Capacity:
    """What so many instances with those limits take."""
    return Capacity(
        resources.memory * instances,
        resources.cpus * instances,
        {kind: count * instances for kind, count in resources.devices.items() if count and instances},
    )


def total(parts: Iterable[Capacity]) -> Capacity:
    """All of them together."""
    return sum(parts, Capacity())
