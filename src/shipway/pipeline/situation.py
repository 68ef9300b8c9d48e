"""What a plan depends on, as values: what stands on the machine, and what is wanted instead."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from shipway.domain.capacity import Capacity, taken
from shipway.domain.deployment import BRING_NEW, Action
from shipway.domain.process import WEB
from shipway.domain.release import Release
from shipway.domain.volume import Place, places
from shipway.domain.workload import Instance


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
    #: Whether all of them can be shown other config files: those that were started before there were any can't.
    mounted: bool = True

    def but_seen(self, seen: Iterable[Instance]) -> "Standing":
        """The same, with what is known of it."""
        own = [each for each in seen if each.name in self.instances]
        running = {each.name for each in own if each.state == "running"}
        web = {name for name in self.instances if process_of(name) == WEB}
        return replace(self, running=running >= web, mounted=all(each.files for each in own))

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
    #: Whether the release is made by this, rather than one that there was.
    makes_release: bool = False
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
    def brings_new(self) -> bool:
        """Whether the service has not run this before: not where it is what serves, which a `reconfigure` may find."""
        return self.action in BRING_NEW and (self.live is None or self.live.release.id != self.release.id)

    @property
    def own(self) -> list[Standing]:
        """What stands of this service."""
        return [each for each in self.standing if each.service_id == self.service_id]

    @property
    def warm(self) -> Standing | None:
        """What still stands of the release, just as it is wanted: an undo takes it over."""
        if self.action != "rollback" or not self.adopts:
            return None
        found = [each for each in self.own if self._as_wanted(each)]
        return min(found, key=lambda each: each.release.id != self.release.id, default=None)

    @property
    def in_place(self) -> bool:
        """Whether what serves is as wanted already, but for the config files that it sees. An undo goes back to instances
        of the very release where they still stand."""
        live = self.live
        if live is None or self.action not in ("config", "reconfigure", "rollback"):
            return False
        if self.warm is not None and self.warm.release.id == self.release.id:
            return False
        unchanged = self.action != "rollback" and live.release.id == self.release.id
        alike = unchanged or self._but_for_files(live)
        return alike and count(live.instances) == count(self.wanted)

    def _as_wanted(self, each: Standing) -> bool:
        # Its other instances end only when it has drained, and their successors would wait for their volumes.
        holds = any(place.process != WEB for place in each.has)
        if each.state not in ("draining", "warm") or not each.running or holds:
            return False
        alike = each.release.id == self.release.id or self._but_for_files(each)
        return alike and count(each.instances)[WEB] == count(self.wanted)[WEB] > 0

    def _but_for_files(self, each: Standing) -> bool:
        # Whoever makes a release of today's config wants today's value of what is looked up at each start.
        looked_up = self.makes_release and not self.release.given.reproducible
        return each.mounted and not looked_up and self.release.differs_only_in_files(each.release)


def process_of(instance: str) -> str:
    """The process type in an instance's name."""
    return instance.rsplit(".", 2)[1]


def file_set(instance: str) -> str:
    """The file set that an instance sees: one for all that a deployment has started."""
    return instance.rsplit(".", 2)[0]


def started_by(instance: str) -> int:
    """The number of the deployment in an instance's name."""
    return int(instance.rsplit(".", 3)[1].removeprefix("d"))


def count(instances: Iterable[str]) -> Counter[str]:
    """Instances by process type."""
    return Counter(process_of(name) for name in instances)
