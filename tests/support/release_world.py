"""Shipway on fakes beside a model of it."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support import release_model as model
from tests.support.release_model import Commit
from tests.support.release_place import SETTINGS, Place
from tests.support.stack import PATH, REPOSITORY, Stack, a_service, fake_stack

from shipway.domain.capacity import Capacity
from shipway.domain.credential import Credential
from shipway.domain.log import Log
from shipway.domain.names import EnvironmentPath, ServicePath
from shipway.domain.workload import Workload
from shipway.engines.fake import Behaviour

_SEPARATORS = ("", "\n", "'\"$HOME`", " é🚀=")


@dataclass
class World:
    """Shipway, two environments of it, and their models."""

    stack: Stack
    places: dict[str, Place]
    _left: AsyncExitStack
    #: Every secret there ever was, by what can't be mistaken in it.
    secrets: dict[str, tuple[str, str]] = field(default_factory=dict)
    #: Digests by every name that was ever pushed.
    pushes: dict[str, str] = field(default_factory=dict)
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
        world._remember_pushes()
        return world

    async def close(self) -> None:
        """Leave nothing."""
        await self.stack.database.close()
        await self._left.aclose()

    def pushed(self, procfile: str, commands: dict[str, str], fault: model.Fault = "", text: object = "") -> Commit:
        """A new commit on the branch that both follow; with another `text`, another image comes of it."""
        run = "RUN exit 3\n" if fault == "build" else ""
        dockerfile = f"FROM base:1\nEXPOSE 8080\n{run}# {text}\n"
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

    @property
    def retention(self) -> int:
        """How many images of a service stay after a deployment; 0: all."""
        return self.stack.platform.settings.retention

    @retention.setter
    def retention(self, keep: int) -> None:
        object.__setattr__(self.stack.platform.settings, "retention", keep)

    @property
    def needed(self) -> set[str]:
        """Images that no prune may take, whichever service they were built for."""
        return {image for place in self.places.values() for image in place.service.needed}

    @property
    def gone(self) -> set[str]:
        """Images of which nothing may be started."""
        return {image for place in self.places.values() for image in place.images.gone}

    async def addresses(self, place: Place) -> set[tuple[str, str]]:
        """Name and address of its instances."""
        found = await self.stack.engine.instances()
        return {(each.name, each.address) for each in found if each.owner.path == str(place.path)}

    def _remember_pushes(self) -> None:
        builder = self.stack.builder
        push = builder.push

        async def remembered(tag: str, reference: str, credential: Credential, log: Log, *, workspace: str = "") -> str:
            try:
                return await push(tag, reference, credential, log, workspace=workspace)
            finally:
                if reference in builder.pushed:
                    self.pushes[reference] = builder.pushed[reference]

        builder.push = remembered  # type: ignore[method-assign]

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
