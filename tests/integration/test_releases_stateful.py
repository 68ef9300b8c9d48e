"""Whatever a user does, in whatever order: what runs is what the live release recorded, every release has its image or says
that it has not, and secrets stay where they belong."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from tests.support.release_machine import run_machine
from tests.support.release_place import SETTINGS, Wish
from tests.support.release_rules import ANY, PLACES, Deployments
from tests.support.variables import VALUES

from shipway.domain.errors import SecretMissing, SecretRevoked, ShipwayError
from shipway.domain.volume import Volume
from shipway.operations import again, config, config_files, deployments, secrets, volumes
from shipway.operations.reconfiguring import reconfigure

VARIABLES = st.sampled_from(["A", "B", "C"])
SECRETS = st.sampled_from(["S", "T"])
FILES = st.sampled_from(["app.toml", "conf.d/x"])


class Releases(Deployments):
    """What a release holds besides its image."""

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


@pytest.fixture(autouse=True)
def _workers_settle_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shipway.pipeline.gate.SETTLED", 0.01)


def test_what_runs_is_what_was_recorded_and_secrets_stay_secret() -> None:
    run_machine(Releases, stories=2, steps=25)


def test_every_release_has_its_image_or_says_that_it_was_pruned() -> None:
    run_machine(Deployments, stories=2, steps=20)


def test_a_story_in_which_every_reason_to_keep_an_image_matters() -> None:
    """What the machine comes upon by chance, once for sure."""
    machine = Deployments()
    try:
        machine.begins()
        machine.rolls_back(where="production", number=0, mode="snapshot", named=True, prune_first=True)
        machine.promotes_to(where="staging", number=2, named=True, prune_first=True)
        machine.prunes(where="production", keep=1)
        machine.rolls_back_to_what_was_pruned(which=0, mode="snapshot", bases="")
        machine.prunes(where="production", keep=1)
        machine.rolls_back_to_what_was_pruned(which=0, mode="snapshot", bases="a fix")
    finally:
        machine.teardown()
