"""Shipway on fakes beside a model of it: does to both what a user does, and finds what is not the same."""

import asyncio
import hashlib
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.support import release_model as model
from tests.support.leaks import in_files
from tests.support.release_model import Commit, Release
from tests.support.stack import AT_ONCE, PATH, REPOSITORY, Stack, a_service, fake_stack

from shipway.domain.capacity import Capacity
from shipway.domain.deployment import Deployment
from shipway.domain.errors import Conflict
from shipway.domain.names import EnvironmentPath, ServicePath
from shipway.domain.workload import Workload
from shipway.engines.fake import Behaviour
from shipway.operations.deployments import cancel
from shipway.store import queue, rollouts
from shipway.worker.janitor import Janitor
from shipway.worker.revive import revive

#: Of staging, what was live stays warm for an undo.
SETTINGS = {"production": AT_ONCE, "staging": replace(AT_ONCE, keep_warm=600)}
#: Differ from start to start of one release, and from deployment to deployment.
_OF_THE_START = ("SHIPWAY_INSTANCE", "SHIPWAY_DEPLOYMENT_ID")
_SEPARATORS = ("", "\n", "'\"$HOME`", " é🚀=")


class Killed(BaseException):
    """The process is gone; nobody may catch this."""


@dataclass(frozen=True)
class Wish:
    """A deployment that somebody asked for, as far as it decides what comes of it."""

    action: str
    #: To build; `None`: what the branch leads to by then.
    commit: Commit | None = None
    #: Of a rollback to a release itself.
    number: int = 0
    #: Of whatever takes an image that there is.
    base: Release | None = None


@dataclass
class Instance:
    """One that was seen, and the secrets that there were when it was first."""

    #: What it is to have, but for what is always set.
    variables: dict[str, str]
    secret_files: dict[str, str]
    release: int


@dataclass
class Place:
    """One service: its model, and what the test remembers of what it saw."""

    path: ServicePath
    service: model.Service
    head: Commit
    #: By name and address: an address is never given twice.
    instances: dict[tuple[str, str], Instance] = field(default_factory=dict)
    #: Ids by number.
    deployments: dict[int, str] = field(default_factory=dict)
    failed: list[tuple[str, Wish]] = field(default_factory=list)
    #: What instances of a release had when it ran first: by release and process type.
    first: dict[tuple[int, str], Any] = field(default_factory=dict)


@dataclass
class World:
    """Shipway, two environments of it, and their models."""

    stack: Stack
    places: dict[str, Place]
    _left: AsyncExitStack
    #: Every secret there ever was, by what can't be mistaken in it.
    secrets: dict[str, tuple[str, str]] = field(default_factory=dict)
    _commits: dict[str, Commit] = field(default_factory=dict)

    @classmethod
    async def open(cls) -> "World":
        """Both services deployed from one repository, nothing of them live yet."""
        left = AsyncExitStack()
        home = Path(left.enter_context(TemporaryDirectory(prefix="shipway-test-")))
        stack = await left.enter_async_context(fake_stack(home, service=False))
        stack.engine.machine = Capacity(memory=2**50, cpus=1000)
        world = cls(stack, {}, left)
        head = world.pushed("web: serve\n", {"web": "serve"})
        for name, settings in SETTINGS.items():
            path = ServicePath(PATH.workspace, PATH.project, name, PATH.service)
            await a_service(stack, path, settings=settings)
            world.places[name] = Place(path, model.Service(model.Environment()), head)
        stack.engine.script = world._app
        return world

    async def close(self) -> None:
        """Leave nothing."""
        await self.stack.database.close()
        await self._left.aclose()

    def pushed(self, procfile: str, commands: dict[str, str], fault: model.Fault = "") -> Commit:
        """A new commit on the branch that both follow."""
        run = "RUN exit 3\n" if fault == "build" else ""
        dockerfile = f"FROM base:1\nEXPOSE 8080\n{run}"
        files = {"Dockerfile": dockerfile + 'CMD ["app"]\n'} | ({"Procfile": procfile} if procfile else {})
        sha = self.stack.sources.add(REPOSITORY, "main", files)
        commit = self._commits[sha] = Commit(sha, commands, fault)
        for place in self.places.values():
            place.head = commit
        return commit

    def new_secret(self) -> str:
        """A value that is nowhere by chance; of one line or of several."""
        seed = str(len(self.secrets)).encode()
        tokens = hashlib.sha256(seed).hexdigest()[:20], hashlib.sha256(seed + b"'").hexdigest()[:20]
        value = _SEPARATORS[len(self.secrets) % len(_SEPARATORS)].join(tokens)
        self.secrets[value] = tokens
        return value

    def environment(self, name: str) -> EnvironmentPath:
        """Its path."""
        return EnvironmentPath(PATH.workspace, PATH.project, name)

    def needles(self, values: Callable[[str], bool] = lambda _: True) -> list[str]:
        """What is looked for to find secrets."""
        return [token for value, tokens in self.secrets.items() if values(value) for token in tokens]

    async def settled(self, place: Place, made: Deployment, wish: Wish, work: Awaitable[None] | None = None) -> None:
        """Let it be done, and compare what came of it with what had to."""
        place.deployments[made.number] = made.id
        expected = self._outcome(place, wish)
        before, known = await self._addresses(place), dict(self.stack.builder.pushed)
        await (work or self.stack.work())
        ended = await self.stack.deployment(made.id)
        image = _new_image(known, self.stack.builder.pushed)
        if ended.state == "live":
            self._went_live(place, ended, wish, expected, image)
        else:
            self._went_wrong(place, ended, wish, expected, image)
            assert (
                ended.failure is None
                or ended.failure.step not in ("build", "release")
                or before == (after := await self._addresses(place))
            ), f"what was live did not stay: {before} before, {after} after"
        await self.check()

    def _outcome(self, place: Place, wish: Wish) -> Release | int | str:
        """A new release, the number of one that there is, or the code of why not."""
        service = place.service
        match wish.action:
            case "deploy":
                commit = wish.commit or place.head
                return "build" if commit.fault == "build" else service.today(commit)
            case "rollback" | "promote" if wish.base:
                return service.today(wish.base.commit, wish.base.image)
            case "config":
                return self._refiled(service)
            case "reconfigure":
                return self._reconfigured(service)
        number = wish.number or service.live or 0
        return service.trouble(service.releases[number]) or number

    def _refiled(self, service: model.Service) -> Release | int:
        live = service.releases[service.live or 0]
        return service.live or 0 if live.files == service.files else replace(live, files=dict(service.files))

    def _reconfigured(self, service: model.Service) -> Release | int | str:
        live = service.releases[service.live or 0]
        today = service.today(live.commit, live.image)
        return service.live or 0 if today == live and live.reproducible else today

    def _went_live(
        self, place: Place, ended: Deployment, wish: Wish, expected: Release | int | str, image: str
    ) -> None:
        service = place.service
        assert not isinstance(expected, str), f"{wish} is live, and had to be refused: {expected}"
        number = ended.release_number or 0
        if isinstance(expected, Release):
            assert expected.commit.fault == "", f"{wish} is live, and its app does not run"
            assert number == max(service.releases, default=0) + 1
            service.releases[number] = replace(expected, image=expected.image or image)
        else:
            assert number == expected
        service.lived.append(number)

    def _went_wrong(
        self, place: Place, ended: Deployment, wish: Wish, expected: Release | int | str, image: str
    ) -> None:
        if ended.state == "failed":
            assert ended.failure
            got = (ended.failure.step, ended.failure.code, ended.failure.message)
            assert got[:2] in self._reasons(place, wish, expected), f"{wish} failed: {got}"
        else:
            assert ended.state == "cancelled", f"{wish} is {ended.state}"
        made = ended.release_number
        if isinstance(expected, Release) and made and made not in place.service.releases:
            place.service.releases[made] = replace(expected, image=expected.image or image)
        commit = (wish.commit or place.head) if wish.action == "deploy" and ended.state == "failed" else wish.commit
        place.failed.append((ended.id, replace(wish, commit=commit)))

    def _reasons(self, place: Place, wish: Wish, expected: Release | int | str) -> set[tuple[str, str]]:
        """Steps and codes in which it may have failed."""
        if expected == "build":
            return {("build", "build-failed"), ("build", "dockerfile-error"), ("build", "build-command-failed")}
        if isinstance(expected, str):
            return {("release", expected)}
        release = expected if isinstance(expected, Release) else place.service.releases[expected]
        reasons = {("health", "app-exited")} if release.commit.fault == "app" else set()
        if wish.action == "config" and (trouble := place.service.trouble(release)):
            # Where it can't be done in place, instances have to be started.
            reasons.add(("deploy", trouble))
        return reasons

    async def killed(self, fatal: int) -> None:
        """Work, die before the effect of that number, and begin anew; a shorter work is not interrupted."""
        dead = asyncio.Event()
        count = 0

        async def fate(_verb: str, _when: str) -> None:
            nonlocal count
            if dead.is_set() or count == fatal:
                dead.set()
                raise Killed
            count += 1

        self.stack.intercept(fate)
        await self.stack.work(until=dead.is_set)
        self.stack.intercept(None)
        await self.restarted()

    async def restarted(self) -> None:
        """Another process, which finds what the one before left."""
        self.stack = await self.stack.restarted()
        async with self.stack.database.write() as tx:
            await queue.expire_leases(tx)
        await revive(self.stack.platform)
        await self.stack.platform.routes.reconcile()
        await self.stack.work()
        await Janitor(self.stack.platform).round()

    async def rebooted(self) -> None:
        """All that ran is gone, and comes again."""
        for each in await self.stack.engine.instances():
            await self.stack.engine.stop(each.name, 0)
        await self.restarted()

    async def _addresses(self, place: Place) -> set[tuple[str, str]]:
        found = await self.stack.engine.instances()
        return {(each.name, each.address) for each in found if each.owner.path == str(place.path)}

    async def check(self) -> None:
        """What runs is what the live release recorded, and no secret is where it need not be."""
        for place in self.places.values():
            await self._check_place(place)
        assert not [each for each in self.stack.engine._containers.values() if each.one_off], "a one-off was left"
        self._check_engine()

    async def _check_place(self, place: Place) -> None:
        service, seen = place.service, await self._addresses(place)
        self._note(place, seen)
        serving = await self._serving(place)
        names = {name for name, _ in seen}
        if SETTINGS[place.path.environment].keep_warm == 0:
            assert names <= serving, f"{names - serving} run, and are not live"
        for instance in sorted(place.instances):
            self._check_instance(place, instance, live=instance[0] in serving)
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
            target = await self.stack.router.request(host)
            assert target in names & serving, f"{host} leads to {target}"

    def _note(self, place: Place, seen: set[tuple[str, str]]) -> None:
        """Secrets change only between two looks: what is there now is what a new instance was started with."""
        environment = place.service.environment
        place.instances = {key: each for key, each in place.instances.items() if key in seen}
        for key in seen - place.instances.keys():
            number = int(key[0].rsplit(".", 4)[1].removeprefix("v"))
            release = place.service.releases[number]
            assert not (trouble := place.service.trouble(release)), f"{key[0]} was started: {trouble}"
            files = {name: environment.value(each) or "" for name, each in release.secret_files.items()}
            place.instances[key] = Instance(model.given(release, environment), files, number)

    async def _serving(self, place: Place) -> set[str]:
        async with self.stack.database.read() as tx:
            live = [each for each in await rollouts.live(tx) if each.deployment_id in place.deployments.values()]
        assert len(live) <= 1
        return {name for each in live for name in each.instances}

    def _check_instance(self, place: Place, key: tuple[str, str], *, live: bool) -> None:
        name, service = key[0], place.service
        noted, engine = place.instances[key], self.stack.engine
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
        self._check_first(place, noted.release, process, workload, begun)

    def _check_first(self, place: Place, number: int, process: str, workload: Workload, begun: Release) -> None:
        """Whenever a release runs, it is byte by byte what it was when it first did, but for what follows the newest."""
        tracked = {name for name, (_, version) in begun.secrets.items() if version is None}
        files = {name for name, (_, version) in begun.secret_files.items() if version is None}
        found = (
            {k: v for k, v in workload.environment.items() if k not in tracked and k not in _OF_THE_START},
            {k: v for k, v in workload.secret_files.items() if k not in files},
            workload.image,
        )
        assert place.first.setdefault((number, process), found) == found

    def _check_engine(self) -> None:
        needles = self.needles()
        for each in self.stack.engine._containers.values():
            rest = repr(replace(each.workload, environment={}, secret_files={}))
            assert not _found(needles, rest), f"the engine can show a secret of {each.workload.name}"
        assert not _found(needles, repr(self.stack.engine.published))
        assert not _found(needles, repr(self.stack.router.table))

    def check_disk(self) -> None:
        """No secret is in the database, in a step's log, or in any other file."""
        home = self.stack.platform.settings.home
        with sqlite3.connect(home / "shipway.db") as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        assert in_files(home, self.needles()) == []

    def _app(self, workload: Workload) -> Behaviour:
        """An app that tells all that it was given, and is or is not of use."""
        one_off = workload.owner.process == "release"
        fault = self._commits[workload.environment["SHIPWAY_COMMIT"]].fault
        ends = 0 if one_off else 1 if fault == "app" else None
        return Behaviour(output=tuple(_told(workload)), exit_code=ends, address="" if one_off else "0.0.0.0")


def _told(workload: Workload) -> Iterator[str]:
    given = {**workload.environment, **workload.secret_files}
    for name, value in given.items():
        yield from f"{name}={value}".split("\n")
        yield from (value.partition("\n")[0][:12], value.partition("\n")[0][12:])


def _new_image(before: dict[str, str], after: dict[str, str]) -> str:
    """By digest: what the registry got meanwhile."""
    found = {f"{name.rpartition(':')[0]}@{digest}" for name, digest in after.items() if name not in before}
    assert len(found) <= 1
    return found.pop() if found else ""


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


async def cancelled_under_way(world: World, made: Deployment) -> None:
    """Cancel it when it has begun, if it can still be."""
    async with world.stack.working():
        await world.stack.until(made, "running", "live", "failed")
        with suppress(Conflict):
            await cancel(world.stack.platform, world.stack.actor, made.id)
    await world.stack.work()
