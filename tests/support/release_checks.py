"""What runs is what the live release recorded, and no secret is where it need not be."""

import sqlite3
from dataclasses import replace

from tests.support import release_model as model
from tests.support.leaks import in_files
from tests.support.release_model import Release
from tests.support.release_place import SETTINGS, Instance, Place
from tests.support.release_registry import check_images
from tests.support.release_world import World

from shipway.domain.workload import Workload
from shipway.store import rollouts

#: Differ from start to start of one release, and from deployment to deployment.
_OF_THE_START = ("SHIPWAY_INSTANCE", "SHIPWAY_DEPLOYMENT_ID")


async def check(world: World) -> None:
    """What runs is what the live release recorded, and no secret is where it need not be."""
    for place in world.places.values():
        await _check_place(world, place)
    assert not [each for each in world.stack.engine._containers.values() if each.one_off], "a one-off was left"
    _check_engine(world)
    await check_images(world)


async def _check_place(world: World, place: Place) -> None:
    service, seen = place.service, await world.addresses(place)
    _note(place, seen)
    serving = await _serving(world, place)
    names = {name for name, _ in seen}
    if SETTINGS[place.path.environment].keep_warm == 0:
        assert names <= serving, f"{names - serving} run, and are not live"
    for instance in sorted(place.instances):
        _check_instance(world, place, instance, live=instance[0] in serving)
    if service.live is None:
        assert not names
        return
    release = service.releases[service.live]
    running = {_part(name) for name in names & serving}
    wanted = service.wanted(release)
    assert running <= wanted, f"{running - wanted} run without being wanted"
    if running < wanted:
        assert service.trouble(release), f"{wanted - running} do not run"
    host = f"{place.path.service}-{place.path.environment}-{place.path.project}.localhost"
    if any(process == "web" for process, _ in running):
        target = await world.stack.router.request(host)
        assert target in names & serving, f"{host} leads to {target}"


def _note(place: Place, seen: set[tuple[str, str]]) -> None:
    """Secrets change only between two looks: what is there now is what a new instance was started with."""
    environment = place.service.environment
    place.instances = {key: each for key, each in place.instances.items() if key in seen}
    for key in seen - place.instances.keys():
        number = int(key[0].rsplit(".", 4)[1].removeprefix("v"))
        release = place.service.releases[number]
        assert not (trouble := place.service.trouble(release)), f"{key[0]} was started: {trouble}"
        files = {name: environment.value(each) or "" for name, each in release.secret_files.items()}
        place.instances[key] = Instance(model.given(release, environment), files, number)


async def _serving(world: World, place: Place) -> set[str]:
    async with world.stack.database.read() as tx:
        live = [each for each in await rollouts.live(tx) if each.deployment_id in place.deployments.values()]
    assert len(live) <= 1
    return {name for each in live for name in each.instances}


def _check_instance(world: World, place: Place, key: tuple[str, str], *, live: bool) -> None:
    name, service = key[0], place.service
    noted, engine = place.instances[key], world.stack.engine
    begun = service.releases[noted.release]
    process, _ = _part(name)
    workload = engine.workload(name)
    environment, config_hash = dict(workload.environment), workload.environment["SHIPWAY_CONFIG_HASH"]
    started_by = place.deployments[int(name.rsplit(".", 3)[1].removeprefix("d"))]
    always = _always(place, name, process, noted.release, started_by, begun.commit.sha, config_hash)
    assert environment.pop("SHIPWAY_PUBLIC_URL").startswith("http")
    assert environment == noted.variables | always
    assert dict(engine.secret_files(name) or {}) == noted.secret_files
    assert workload.image == begun.image
    assert workload.command == model.command(begun, process, dict(workload.environment))
    assert [mount.path for mount in workload.volumes] == [begun.volumes[each] for each in sorted(begun.volumes)]
    if live:
        release = service.releases[service.live or 0]
        assert begun.but_files() == release.but_files(), f"{name} is not what v{service.live} is"
        assert engine.files(name) == {path: text.encode() for path, text in release.files.items()}
    _check_first(place, noted.release, process, workload, begun)


def _check_first(place: Place, number: int, process: str, workload: Workload, begun: Release) -> None:
    """Whenever a release runs, it is byte by byte what it was when it first did, but for what follows the newest."""
    tracked = {name for name, (_, version) in begun.secrets.items() if version is None}
    files = {name for name, (_, version) in begun.secret_files.items() if version is None}
    found = (
        {k: v for k, v in workload.environment.items() if k not in tracked and k not in _OF_THE_START},
        {k: v for k, v in workload.secret_files.items() if k not in files},
        workload.image,
    )
    assert place.first.setdefault((number, process), found) == found


def _check_engine(world: World) -> None:
    needles = world.needles()
    for each in world.stack.engine._containers.values():
        rest = repr(replace(each.workload, environment={}, secret_files={}))
        assert not _found(needles, rest), f"the engine can show a secret of {each.workload.name}"
    assert not _found(needles, repr(world.stack.engine.published))
    assert not _found(needles, repr(world.stack.router.table))


def check_disk(world: World) -> None:
    """No secret is in the database, in a step's log, or in any other file."""
    home = world.stack.platform.settings.home
    with sqlite3.connect(home / "shipway.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    assert in_files(home, world.needles()) == []


def _always(
    place: Place, name: str, process: str, release: int, deployment: str, commit: str, config_hash: str
) -> dict[str, str]:
    path = place.path
    return {
        "PORT": "8080",
        "SHIPWAY": "1",
        "SHIPWAY_WORKSPACE": path.workspace,
        "SHIPWAY_PROJECT": path.project,
        "SHIPWAY_ENVIRONMENT": path.environment,
        "SHIPWAY_SERVICE": path.service,
        "SHIPWAY_PROCESS": process,
        "SHIPWAY_INSTANCE": name,
        "SHIPWAY_RELEASE": str(release),
        "SHIPWAY_DEPLOYMENT_ID": deployment,
        "SHIPWAY_COMMIT": commit,
        "SHIPWAY_CONFIG_HASH": config_hash,
    }


def _part(name: str) -> tuple[str, int]:
    process, ordinal = name.split(".")[-2:]
    return process, int(ordinal)


def _found(needles: list[str], text: str) -> list[str]:
    return [needle for needle in needles if needle in text]
