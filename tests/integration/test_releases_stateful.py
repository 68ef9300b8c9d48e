"""Whatever a user does, in whatever order: what runs is what the live release recorded, and secrets stay where they belong.

Hypothesis' own machine, each with an event loop that stands still between two rules: so it shrinks what it finds to the few
rules that matter, and nothing happens that no rule has asked for.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from tests.support.release_checks import check, check_disk
from tests.support.release_crashes import cancelled_under_way, killed, rebooted, restarted
from tests.support.release_outcome import settled
from tests.support.release_place import SETTINGS, Place, Wish
from tests.support.release_secrets import shown_secrets
from tests.support.release_world import World
from tests.support.variables import VALUES

from shipway.domain.deployment import Deployment
from shipway.domain.errors import Conflict, SecretMissing, SecretRevoked, ShipwayError
from shipway.domain.volume import Volume
from shipway.operations import again, config, config_files, deployments, promotion, secrets, volumes
from shipway.operations.reconfiguring import reconfigure

PLACES = st.sampled_from(sorted(SETTINGS))
VARIABLES = st.sampled_from(["A", "B", "C"])
SECRETS = st.sampled_from(["S", "T"])
FILES = st.sampled_from(["app.toml", "conf.d/x"])
ANY = st.integers(0, 99)
SOURCES = {
    "": {"web": ""},
    "web: serve --with $A\n": {"web": "serve --with $A"},
    "web: serve\nworker: work $B\n": {"web": "serve", "worker": "work $B"},
    "web: serve\nrelease: migrate $A\n": {"web": "serve"},
}


class Releases(RuleBasedStateMachine):
    """A rule is something that somebody does; those that ask for a deployment see it through to its end."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        #: Whether there is anything left to find.
        self._sound = True
        self.world: World = self.run(World.open())

    def run(self, story: Coroutine[Any, Any, Any]) -> Any:
        try:
            return self._runner.run(story)
        except AssertionError:
            self._sound = False
            raise

    @initialize()
    def begins(self) -> None:
        """Something is live in both environments, with secrets of each kind."""
        for where in SETTINGS:
            self.sets_a_secret(where, "S")
            self.sets_a_secret(where, "T")
            self.binds_a_secret(where, "A", "S", "", to="variable")
            self.binds_a_secret(where, "B", "T", "@latest", to="all")
            self.binds_a_secret(where, "C", "T", "@latest", to="file")
            self.deploys(where)

    def teardown(self) -> None:
        try:
            if self._sound:
                self.run(self._look_everywhere())
        finally:
            self.run(self.world.close())
            self._runner.close()

    async def _look_everywhere(self) -> None:
        await check(self.world)
        check_disk(self.world)
        assert await shown_secrets(self.world) == []

    @property
    def _shipway(self) -> tuple[Any, Any]:
        return self.world.stack.platform, self.world.stack.actor

    def _deployment(self, place: Place, asked: Coroutine[Any, Any, Deployment | None], wish: Wish) -> None:
        async def story() -> None:
            if made := await asked:
                await settled(self.world, place, made, wish)

        self.run(story())

    @rule(where=PLACES, name=VARIABLES, value=VALUES, shared=st.booleans())
    def sets_a_variable(self, where: str, name: str, value: str, shared: bool) -> None:
        place = self.world.places[where]
        owner = place.service.environment if shared else place.service
        path = self.world.environment(where) if shared else place.path
        self.run(config.change_config(*self._shipway, path, values={name: value}))
        owner.config[name] = value
        owner.variables.pop(name, None)

    @rule(where=PLACES, which=ANY, shared=st.booleans())
    def unsets_a_variable(self, where: str, which: int, shared: bool) -> None:
        place = self.world.places[where]
        owner = place.service.environment if shared else place.service
        path = self.world.environment(where) if shared else place.path
        if names := sorted(owner.config):
            name = names[which % len(names)]
            self.run(config.change_config(*self._shipway, path, unset=[name]))
            del owner.config[name]

    @rule(where=PLACES, name=SECRETS)
    def sets_a_secret(self, where: str, name: str) -> None:
        value = self.world.new_secret()
        self.run(secrets.set_secret(*self._shipway, self.world.environment(where), name, value))
        self.world.places[where].service.environment.secrets.setdefault(name, []).append(value)

    @rule(where=PLACES, name=SECRETS, which=ANY)
    def revokes_a_secret(self, where: str, name: str, which: int) -> None:
        values = self.world.places[where].service.environment.secrets.get(name, [])
        if values:
            at = which % len(values)
            self.run(secrets.revoke_secret(*self._shipway, self.world.environment(where), name, at + 1))
            values[at] = None

    @rule(
        where=PLACES,
        name=VARIABLES,
        secret=SECRETS,
        version=st.sampled_from(["", "@latest", "@1", "@2"]),
        to=st.sampled_from(["variable", "file", "all"]),
    )
    def binds_a_secret(self, where: str, name: str, secret: str, version: str, to: str) -> None:
        place, text = self.world.places[where], secret + version
        wanted = {"files" if to == "file" else "variables": {name: text}}
        trouble = place.service.binding_trouble(text)
        path = self.world.environment(where) if to == "all" else place.path
        change = secrets.change_bindings(*self._shipway, path, **wanted)
        if trouble:
            with pytest.raises(SecretMissing if trouble == "secret-missing" else SecretRevoked):
                self.run(change)
            return
        self.run(change)
        if to == "file":
            place.service.secret_files[name] = text
            return
        owner = place.service.environment if to == "all" else place.service
        owner.variables[name] = text
        owner.config.pop(name, None)

    @rule(where=PLACES, which=ANY, of=st.sampled_from(["variable", "file", "all"]))
    def unbinds_a_secret(self, where: str, which: int, of: str) -> None:
        place = self.world.places[where]
        owner = place.service.environment if of == "all" else place.service
        path = self.world.environment(where) if of == "all" else place.path
        bound = place.service.secret_files if of == "file" else owner.variables
        if names := sorted(bound):
            name = names[which % len(names)]
            wanted = {"files" if of == "file" else "variables": {name: None}}
            self.run(secrets.change_bindings(*self._shipway, path, **wanted))
            del bound[name]

    @rule(where=PLACES, name=FILES, text=VALUES, deploy=st.booleans())
    def edits_a_config_file(self, where: str, name: str, text: str, deploy: bool) -> None:
        place = self.world.places[where]
        asked = config_files.change_files(*self._shipway, place.path, files={name: text}, deploy=deploy)
        place.service.files[name] = text
        self._deployment(place, asked, Wish("config"))

    @rule(where=PLACES, which=ANY, deploy=st.booleans())
    def deletes_a_config_file(self, where: str, which: int, deploy: bool) -> None:
        place = self.world.places[where]
        if names := sorted(place.service.files):
            name = names[which % len(names)]
            asked = config_files.change_files(*self._shipway, place.path, delete=[name], deploy=deploy)
            del place.service.files[name]
            self._deployment(place, asked, Wish("config"))

    @rule(where=PLACES, path=st.sampled_from(["/data", "/srv/data"]))
    def adds_a_volume(self, where: str, path: str) -> None:
        place = self.world.places[where]
        self.run(volumes.add_volume(*self._shipway, place.path, Volume("data", path)))
        place.service.volumes["data"] = path

    @rule(where=PLACES)
    def removes_a_volume(self, where: str) -> None:
        place = self.world.places[where]
        if place.service.volumes:
            self.run(volumes.remove_volume(*self._shipway, place.path, "data"))
            place.service.volumes.clear()

    @rule(
        procfile=st.sampled_from(sorted(SOURCES)),
        fault=st.sampled_from(["", "", "", "build", "app"]),
    )
    def pushes(self, procfile: str, fault: Any) -> None:
        self.world.pushed(procfile, SOURCES[procfile], fault)

    @rule(where=PLACES)
    def deploys(self, where: str) -> None:
        place = self.world.places[where]
        self._deployment(place, deployments.deploy(*self._shipway, place.path), Wish("deploy"))

    @rule(where=PLACES, number=ANY, mode=st.sampled_from(["snapshot", "current"]), named=st.booleans())
    def rolls_back(self, where: str, number: int, mode: Any, named: bool) -> None:
        place = self.world.places[where]
        known = sorted(place.service.releases)
        to = known[number % len(known)] if named and known else place.service.former
        asked = deployments.rollback(*self._shipway, place.path, version=to if named else None, config=mode)
        if to is None:
            with pytest.raises(Conflict):
                self.run(asked)
            return
        base = place.service.releases[to] if mode == "current" else None
        self._deployment(place, asked, Wish("rollback", number=to, base=base))

    @precondition(lambda self: any(place.service.live for place in self.world.places.values()))
    @rule(where=PLACES, action=st.sampled_from(["restart", "redeploy", "reconfigure"]))
    def does_again(self, where: str, action: str) -> None:
        place = self.world.places[where]
        if place.service.live is None:
            return
        if action == "restart":
            self._deployment(place, deployments.restart(*self._shipway, place.path), Wish("restart"))
            return
        if action == "reconfigure":
            self._deployment(place, reconfigure(*self._shipway, place.path), Wish("reconfigure"))
            return
        commit = place.service.releases[place.service.live].commit
        self._deployment(place, again.redeploy(*self._shipway, place.path), Wish("deploy", commit))

    @precondition(lambda self: any(place.failed for place in self.world.places.values()))
    @rule(where=PLACES, which=ANY)
    def retries(self, where: str, which: int) -> None:
        place = self.world.places[where]
        if place.failed:
            identifier, wish = place.failed[which % len(place.failed)]
            self._deployment(place, again.retry(*self._shipway, identifier), wish)

    @rule(where=PLACES)
    def promotes_to(self, where: str) -> None:
        target = self.world.places[where]
        [source] = [place for name, place in self.world.places.items() if name != where]
        asked = promotion.promote_release(*self._shipway, source.path, target.path)
        if source.service.live is None:
            with pytest.raises(Conflict):
                self.run(asked)
            return
        base = source.service.releases[source.service.live]
        self._deployment(target, asked, Wish("promote", base=base))

    @rule(where=PLACES, count=st.integers(1, 3))
    def scales(self, where: str, count: int) -> None:
        place = self.world.places[where]
        asked = deployments.scale(*self._shipway, place.path, {"web": count}, bins=True)
        live = place.service.live
        if live and (why := place.service.trouble(place.service.releases[live])):
            with pytest.raises(ShipwayError) as refused:
                self.run(asked)
            assert refused.value.code == why
            return
        place.service.scale["web"] = count
        self._deployment(place, asked, Wish("scale"))

    @rule(where=PLACES, early=st.booleans())
    def cancels(self, where: str, early: bool) -> None:
        place = self.world.places[where]

        async def story() -> None:
            made = await deployments.deploy(*self._shipway, place.path)
            if early:
                await deployments.cancel(*self._shipway, made.id)
            work = self.world.stack.work() if early else cancelled_under_way(self.world, made)
            await settled(self.world, place, made, Wish("deploy"), work)

        self.run(story())

    @rule(where=PLACES, fatal=st.integers(0, 80))
    def is_killed_while_it_deploys(self, where: str, fatal: int) -> None:
        place = self.world.places[where]

        async def story() -> None:
            made = await deployments.deploy(*self._shipway, place.path)
            await settled(self.world, place, made, Wish("deploy"), killed(self.world, fatal))

        self.run(story())

    @rule(reboot=st.booleans())
    def begins_anew(self, reboot: bool) -> None:
        async def story() -> None:
            await (rebooted(self.world) if reboot else restarted(self.world))
            await check(self.world)

        self.run(story())


# A rule that prunes images belongs here as soon as something prunes them: what is gone is built again from its commit.


def test_what_runs_is_what_was_recorded_and_secrets_stay_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shipway.pipeline.gate.SETTLED", 0.01)
    # One is as long as a story of many deployments: one in every run, a dozen with the thorough profile, fifty in `exploring`.
    assert settings.default
    examples = settings.default.max_examples // 40
    run_state_machine_as_test(Releases, settings=settings(max_examples=examples, stateful_step_count=25))
