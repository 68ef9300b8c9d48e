"""Sample apps really built, run and asked. `python -m tests.support.apps NAME…` does so and says what came of each.

`expected.json` says by `answers` what an app is asked for once it runs: `{"path": "/", "status": 200, "body_has": ["…"]}`;
also `"environment"`, for the config vars it can't do without, and `"port"`, for one that listens nowhere else.
"""

import asyncio
import json
import posixpath
import secrets
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2

from shipway.builders.analysis import analyze, explain
from shipway.builders.bases import Bases
from shipway.builders.builder import BuildRequest
from shipway.builders.buildkit import BuildKitBuilder
from shipway.builders.docker_api import connect
from shipway.domain.artifacts import Analysis
from shipway.domain.errors import DeployFailed
from shipway.domain.process import WEB, argv
from shipway.domain.service import ServiceSettings

APPS = Path(__file__).parents[1] / "apps"
#: Not the one that images are made for: an app that ignores PORT is found out.
_PORT = 8123
#: Seconds for an app to answer at all.
_PATIENCE = 60.0


def expected_of(name: str) -> dict[str, Any]:
    """What expected.json of a sample says."""
    expected: dict[str, Any] = json.loads((APPS / name / "expected.json").read_text())
    return expected


async def build_and_ask(name: str, log: Any = print) -> None:
    """Build the sample as Shipway would, run `web`, and compare its answer with what is expected.

    Raises `BuildFailed`, or `AssertionError` with the answer and the app's own lines.
    """
    expected = expected_of(name)
    directory = APPS / name / expected.get("subdirectory", "")
    bases = Bases("airgapped")
    await bases.decide()
    analysis = analyze(directory, ServiceSettings(), bases.resolve, root=APPS / name)
    for line in explain(analysis):
        log(line)
    await bases.ensure_for(analysis.dockerfile, log)
    tag = f"shipway-sample-{secrets.token_hex(4)}:v1"
    builder = BuildKitBuilder()
    context = posixpath.normpath(posixpath.join(expected.get("subdirectory", ""), analysis.context))
    request = BuildRequest(APPS / name, replace(analysis, context=context), tag, 1200.0, {"shipway.test": "1"})
    await builder.build(request, log)
    try:
        answers = expected["answers"]
        environment = {"PORT": str(answers.get("port", _PORT)), "SHIPWAY": "1", **answers.get("environment", {})}
        async with _running(tag, analysis, environment) as (container, address):
            await _ask(container, f"http://{address}:{environment['PORT']}", answers)
    finally:
        await builder.discard(tag)


@asynccontextmanager
async def _running(tag: str, analysis: Analysis, environment: dict[str, str]) -> AsyncIterator[tuple[Any, str]]:
    """A hardened container of the image, and its address on the default bridge."""
    web = next(process for process in analysis.processes if process.name == WEB)
    config: dict[str, Any] = {
        "Image": tag,
        "Env": [f"{key}={value}" for key, value in environment.items()],
        "HostConfig": {"Init": True, "CapDrop": ["ALL"], "SecurityOpt": ["no-new-privileges"], "Memory": 1 << 30},
    }
    if command := argv(web.command, environment):
        config |= {"Entrypoint": command[:1], "Cmd": command[1:]}
    async with connect("") as docker:
        container = await docker.containers.run(config, name=f"shipway-sample-{secrets.token_hex(4)}")
        try:
            yield container, (await container.show())["NetworkSettings"]["IPAddress"]
        finally:
            await container.delete(force=True, v=True)


async def _ask(container: Any, url: str, answers: dict[str, Any]) -> None:
    async with httpx2.AsyncClient(base_url=url, timeout=20.0) as client:
        response = await _first_answer(container, client, answers.get("path", "/"))
    lines = "".join(await container.log(stdout=True, stderr=True, tail=30))
    told = f"{response.status_code} {response.text[:500]}\n{lines}"
    assert response.status_code == answers.get("status", 200), told
    assert [part for part in answers.get("body_has", []) if part not in response.text] == [], told


async def _first_answer(container: Any, client: httpx2.AsyncClient, path: str) -> httpx2.Response:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            return await client.get(path)
        except httpx2.TransportError:
            running = (await container.show())["State"]["Running"]
            lines = "".join(await container.log(stdout=True, stderr=True, tail=30))
            assert running, f"the app ended:\n{lines}"
            assert time.monotonic() < until, f"no answer within {_PATIENCE:.0f} s:\n{lines}"
            await asyncio.sleep(0.2)


def main(names: list[str]) -> int:
    """Try each; the number of those that failed."""
    failed = 0
    for name in names:
        try:
            asyncio.run(build_and_ask(name))
            print(f"===== {name}: answered")
        except (DeployFailed, AssertionError) as error:
            failed += 1
            print(f"===== {name}: FAILED: {error}\n{getattr(error, 'hint', '')}")
            print("\n".join(getattr(error, "evidence", ())))
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
