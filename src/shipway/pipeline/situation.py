"""What a plan depends on, as values: what stands on the machine, and what is wanted instead."""

from collections import Counter
from collections.abc import Iterable, Set
from dataclasses import dataclass, replace

from shipway.domain.capacity import Capacity, taken
from shipway.domain.deployment import Action
from shipway.domain.process import WEB
from shipway.domain.release import Release
from shipway.domain.volume import Place, places


@dataclass(frozen=True, slots=True)
class Standing:
    """A deployment of which instances stand."""

    deployment_id: str
    service_id: str
    release: Release
    #: Names of its instances that stand, of every process type.
    instances: tuple[str, ...]
    #: `live`, `warm` and so on: see `StoredRollout.state`.
    state: str
    #: Whether those of `web` run.
    running: bool = True

    def but_running(self, running: Set[str]) -> "Standing":
        """The same, with what is known of it."""
        return replace(self, running=running >= {name for name in self.instances if process_of(name) == WEB})

    @property
    def has(self) -> frozenset[Place]:
        """The volumes that its instances have."""
        return places(self.release.settings.volumes, self.instances)

    @property
    def takes(self) -> Capacity:
        """Of the machine."""
        return taken(self.release.settings.resources, len(self.instances))


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a plan depends on."""

    action: Action
    service_id: str
    release: Release
    #: Names of the instances that the release is to have, `web` first.
    wanted: tuple[str, ...]
    #: All that stands on the machine, of every service.
    standing: tuple[Standing, ...]
    #: What may be given away in all.
    machine: Capacity
    #: Of one instance, the most that can be had.
    cores: int
    zero_downtime: bool = False
    #: Whether the release's own command runs.
    runs_command: bool = False
    #: Newer releases whose commands have run since; going back does not undo what they did.
    crossed: tuple[int, ...] = ()
    #: Whether what still stands may be taken over.
    adopts: bool = True
    #: Volumes of the service that have their place; and those in the bin, of each free place.
    volumes: frozenset[Place] = frozenset()
    binned: frozenset[Place] = frozenset()

    @property
    def live(self) -> Standing | None:
        """What serves now."""
        return next((each for each in self.own if each.state == "live"), None)

    @property
    def own(self) -> list[Standing]:
        """What stands of this service."""
        return [each for each in self.standing if each.service_id == self.service_id]

    @property
    def warm(self) -> Standing | None:
        """What still stands of the release, just as it is wanted: an undo takes it over."""
        if self.action != "rollback" or not self.adopts:
            return None
        return next((each for each in self.own if self._as_wanted(each)), None)

    def _as_wanted(self, each: Standing) -> bool:
        if each.state not in ("draining", "warm") or each.release.id != self.release.id or not each.running:
            return False
        return count(each.instances)[WEB] == count(self.wanted)[WEB] > 0


def process_of(instance: str) -> str:
    """The process type in an instance's name."""
    return instance.rsplit(".", 2)[1]


def count(instances: Iterable[str]) -> Counter[str]:
    """Instances by process type."""
    return Counter(process_of(name) for name in instances)
