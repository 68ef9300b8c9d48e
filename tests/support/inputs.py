"""Builds with things that go into them, and what is left of them: for tests that look for those afterwards."""

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.builds import Recorder, unique
from tests.support.leaks import in_image, watched_processes

from shipway.builders.analysis import analyze
from shipway.builders.bases import Bases
from shipway.builders.build_arguments import BuildNames
from shipway.builders.builder import Builder, BuildRequest
from shipway.builders.buildkit import BuildKitBuilder
from shipway.domain.artifacts import Analysis
from shipway.domain.service import ServiceSettings

#: As the settings make them of one proxy.
PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")


@dataclass
class Building:
    """One source tree, built as often as one likes under names of its own."""

    tree: Path
    builder: Builder = field(default_factory=BuildKitBuilder)
    name: str = field(default_factory=unique)
    log: Recorder = field(default_factory=Recorder)
    #: Command lines seen during builds that held a secret.
    seen: list[str] = field(default_factory=list)
    builds: int = 0

    @property
    def tag(self) -> str:
        """Of the newest image."""
        return f"{self.name}:v{self.builds}"

    def write(self, **files: str) -> None:
        """Files of the tree; a double underscore in a name is a dot."""
        self.tree.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (self.tree / name.replace("__", ".")).write_text(text)

    async def generated(
        self, start: str, *, build: BuildNames | None = None, secrets: Iterable[str] = (), **inputs: Any
    ) -> str:
        """Build by a generated Dockerfile, and return that."""
        bases = Bases("airgapped")
        await bases.decide()
        analysis = analyze(self.tree, ServiceSettings(start_command=start), bases.resolve, build=build)
        await bases.ensure_for(analysis.dockerfile, self.log)
        await self._build(analysis, secrets, inputs)
        return analysis.dockerfile

    async def written(self, dockerfile: str, *, secrets: Iterable[str] = (), **inputs: Any) -> None:
        """Build by a Dockerfile of the user's own."""
        self.tree.mkdir(parents=True, exist_ok=True)
        await self._build(Analysis("dockerfile", dockerfile, False, (), 8080), secrets, inputs)

    async def _build(self, analysis: Analysis, secrets: Iterable[str], inputs: dict[str, Any]) -> None:
        """`secrets` are looked for; `build_secrets` are given."""
        self.builds += 1
        self.log.lines.clear()
        given = {name: text.encode() for name, text in inputs.pop("build_secrets", {}).items()}
        request = BuildRequest(self.tree, analysis, self.tag, 900.0, {"shipway.test": "build"}, secrets=given, **inputs)
        async with watched_processes(secrets) as seen:
            await self.builder.build(request, self.log)
        self.seen += seen

    def run(self, *command: str) -> str:
        """What a command in the newest image prints."""
        argv = ["docker", "run", "--rm", "--entrypoint", command[0], self.tag, *command[1:]]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout

    def leaks(self, *secrets: str) -> list[str]:
        """Where any of them is: in the image, its history, the log, or on a command line meanwhile."""
        log = [line for line in self.log.lines if any(secret in line for secret in secrets)]
        return [*in_image(self.tag, secrets), *log, *self.seen]


def proxied(url: str) -> dict[str, str]:
    """The variables of a build whose proxy this is."""
    return dict.fromkeys(PROXY_VARIABLES, url) | {"NO_PROXY": "", "no_proxy": ""}
