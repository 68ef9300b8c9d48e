"""What somebody does that decides which release is live, and which images there are."""

from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from tests.support.release_checks import check
from tests.support.release_crashes import cancelled_under_way, killed, rebooted, restarted
from tests.support.release_machine import Machine, Work
from tests.support.release_place import SETTINGS, Place, Wish
from tests.support.release_pruning import killed_pruning, prune, pruned_beside

from shipway.domain.deployment import Deployment
from shipway.domain.errors import Conflict, ImagePruned
from shipway.operations import again, deployments, images, promotion

PLACES = st.sampled_from(sorted(SETTINGS))
ANY = st.integers(0, 99)
MODES = st.sampled_from(["snapshot", "current"])
BASES = st.sampled_from(["", "a fix"])
KEPT = st.sampled_from([1, 1, 2])
SOURCES = {
    "": {"web": ""},
    "web: serve --with $A\n": {"web": "serve --with $A"},
    "web: serve\nworker: work $B\n": {"web": "serve", "worker": "work $B"},
    "web: serve\nrelease: migrate $A\n": {"web": "serve"},
}


class Deployments(Machine):
    """Two services, deployed from one repository."""

    @initialize()
    def begins(self) -> None:
        """Something is live in both environments, and in one there are images that are not needed any more."""
        self.deploys("staging")
        for text in range(4):
            self.ships("production", text)

    @rule(
        procfile=st.sampled_from(sorted(SOURCES)),
        fault=st.sampled_from(["", "", "", "build", "app"]),
        text=st.integers(0, 2),
    )
    def pushes(self, procfile: str, fault: Any, text: int) -> None:
        self.world.pushed(procfile, SOURCES[procfile], fault, text)

    @rule(where=PLACES, text=st.integers(0, 9))
    def ships(self, where: str, text: int) -> None:
        """Something is pushed that builds and runs, and deployed at once."""
        self.pushes("", "", text)
        self.deploys(where)

    @rule(where=PLACES)
    def deploys(self, where: str) -> None:
        place = self.world.places[where]
        self._deployment(place, deployments.deploy(*self._shipway, place.path), Wish("deploy"))

    @rule(
        where=PLACES,
        number=ANY,
        mode=MODES,
        named=st.booleans(),
        prune_first=st.booleans(),
    )
    def rolls_back(self, where: str, number: int, mode: Any, named: bool, prune_first: bool) -> None:
        place = self.world.places[where]
        known = sorted(place.service.releases)
        to = known[number % len(known)] if named and known else place.service.former
        asked = deployments.rollback(*self._shipway, place.path, version=to if named else None, config=mode)
        if to is None:
            with pytest.raises(Conflict):
                self.run(asked)
            return
        self._deployment(place, asked, self._back(place, to, mode), prune_first=prune_first)

    @property
    def _pruned(self) -> list[tuple[Place, int]]:
        """Releases without an image, each with where it is."""
        known = [(place, number) for place in self.world.places.values() for number in place.service.releases]
        return [(place, number) for place, number in known if place.service.releases[number].image in self.world.gone]

    @precondition(lambda self: self._pruned)
    @rule(which=ANY, mode=MODES, bases=BASES)
    def rolls_back_to_what_was_pruned(self, which: int, mode: Any, bases: str) -> None:
        self.base_images_change(bases)
        place, to = self._pruned[which % len(self._pruned)]
        asked = deployments.rollback(*self._shipway, place.path, version=to, config=mode)
        self._deployment(place, asked, self._back(place, to, mode))

    def _back(self, place: Place, to: int, mode: str) -> Wish:
        if mode == "current":
            return Wish("rollback", base=place.service.releases[to])
        return Wish("rollback", number=to)

    @precondition(lambda self: any(place.failed for place in self.world.places.values()))
    @rule(where=PLACES, which=ANY)
    def retries(self, where: str, which: int) -> None:
        place = self.world.places[where]
        if place.failed:
            identifier, wish = place.failed[which % len(place.failed)]
            self._deployment(place, again.retry(*self._shipway, identifier), wish)

    @rule(where=PLACES, number=ANY, named=st.booleans(), prune_first=st.booleans())
    def promotes_to(self, where: str, number: int, named: bool, prune_first: bool) -> None:
        target = self.world.places[where]
        [source] = [place for name, place in self.world.places.items() if name != where]
        known = sorted(source.service.releases)
        version = known[number % len(known)] if named and known else None
        asked = promotion.promote_release(*self._shipway, source.path, target.path, version=version)
        if not (taken := version or source.service.live):
            with pytest.raises(Conflict):
                self.run(asked)
            return
        wish = Wish("promote", base=source.service.releases[taken])
        self._deployment(target, asked, wish, prune_first=prune_first)

    @rule(where=PLACES, early=st.booleans())
    def cancels(self, where: str, early: bool) -> None:
        place = self.world.places[where]

        async def cancelled(made: Deployment) -> None:
            if early:
                await deployments.cancel(*self._shipway, made.id)
            await (self.world.stack.work() if early else cancelled_under_way(self.world, made))

        self._deployment(place, deployments.deploy(*self._shipway, place.path), Wish("deploy"), work=cancelled)

    @rule(where=PLACES, number=ANY, fatal=st.integers(0, 80))
    def is_killed_while_it_deploys(self, where: str, number: int, fatal: int) -> None:
        self._deploys_or_goes_back(where, number, lambda _: killed(self.world, fatal))

    @rule(where=PLACES, number=ANY, keep=KEPT, at=st.integers(0, 80))
    def prunes_while_it_deploys(self, where: str, number: int, keep: int, at: int) -> None:
        place, retention, self.world.retention = self.world.places[where], self.world.retention, 0
        self._deploys_or_goes_back(where, number, lambda _: pruned_beside(self.world, place, keep, at))
        self.world.retention = retention

    def _deploys_or_goes_back(self, where: str, number: int, work: Work) -> None:
        """Back to any release, or, as often, what was pushed."""
        place = self.world.places[where]
        asked, wish = deployments.deploy(*self._shipway, place.path), Wish("deploy")
        if number % 2 and (known := sorted(place.service.releases)):
            to = known[number // 2 % len(known)]
            asked.close()
            asked, wish = deployments.rollback(*self._shipway, place.path, version=to), Wish("rollback", number=to)
        self._deployment(place, asked, wish, work=work)

    @precondition(lambda self: any(each.images.going(1, self.world.needed) for each in self.world.places.values()))
    @rule(where=PLACES, keep=KEPT)
    def prunes(self, where: str, keep: int) -> None:
        self.run(prune(self.world, self.world.places[where], keep))
        self.run(check(self.world))

    @rule(where=PLACES, keep=KEPT, fatal=st.integers(0, 20))
    def is_killed_while_it_prunes(self, where: str, keep: int, fatal: int) -> None:
        self.run(killed_pruning(self.world, self.world.places[where], keep, fatal))
        self.run(check(self.world))

    @rule(keep=st.integers(0, 2))
    def sets_how_many_images_stay(self, keep: int) -> None:
        self.world.retention = keep

    @rule(where=PLACES, which=ANY, pinned=st.booleans())
    def pins(self, where: str, which: int, pinned: bool) -> None:
        place = self.world.places[where]
        if not (known := sorted(place.service.releases)):
            return
        number = known[which % len(known)]
        asked = images.pin_release(*self._shipway, place.path, number, pinned=pinned)
        if pinned and place.service.releases[number].image in self.world.gone:
            with pytest.raises(ImagePruned):
                self.run(asked)
            return
        self.run(asked)
        (place.service.pinned.add if pinned else place.service.pinned.discard)(number)

    @rule(hold=BASES)
    def base_images_change(self, hold: str) -> None:
        """What is built from now on is of these, also what was built before."""
        self.world.stack.builder.bases_hold = hold

    @rule(reboot=st.booleans())
    def begins_anew(self, reboot: bool) -> None:
        async def story() -> None:
            await (rebooted(self.world) if reboot else restarted(self.world))
            await check(self.world)

        self.run(story())
