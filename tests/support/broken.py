"""The zoo of broken repositories, really built. `python -m tests.support.broken NAME…` says what each one is told.

`expected.json`: the failure's `class`, its `line` of the Dockerfile (0: none is named), what message, hint and evidence hold;
and for some the `timeout` in seconds, or the `target`, that it is built with.
"""

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.support.builds import Recorder, unique
from tests.support.images import ensure_test_image

from shipway.builders.analysis import analyze
from shipway.builders.bases import Bases
from shipway.builders.builder import BuildRequest
from shipway.builders.buildkit import BuildKitBuilder
from shipway.domain.errors import DeployFailed
from shipway.domain.service import ServiceSettings

ZOO = Path(__file__).parents[1] / "apps/broken"
NAMES = sorted(path.parent.name for path in ZOO.glob("*/expected.json"))


def expected_of(name: str) -> dict[str, Any]:
    """What expected.json says."""
    expected: dict[str, Any] = json.loads((ZOO / name / "expected.json").read_text())
    return expected


async def failure_of(name: str) -> DeployFailed:
    """Analyse and build it as Shipway would; how that failed. Raises `AssertionError` when it did not."""
    await ensure_test_image()
    expected, bases, log = expected_of(name), Bases("airgapped"), Recorder()
    await bases.decide()
    try:
        analysis = replace(analyze(ZOO / name, ServiceSettings(), bases.resolve), target=expected.get("target", ""))
        await bases.ensure_for(analysis.dockerfile, log)
        request = BuildRequest(ZOO / name, analysis, f"{unique()}:v1", expected.get("timeout", 300.0), {})
        await BuildKitBuilder().build(request, log)
    except DeployFailed as failure:
        return failure
    raise AssertionError(f"{name} was built:\n{log.text}")


def assert_told(failure: DeployFailed, expected: dict[str, Any]) -> None:
    """Class, line, message, hint and evidence are as expected."""
    evidence = "\n".join(failure.evidence)
    told = f"{failure.code}: {failure.message}\nhint: {failure.hint}\n{evidence}"
    assert failure.code == expected["class"], told
    assert (f"Dockerfile:{expected['line']}" if expected["line"] else "") in failure.message, told
    assert expected["line"] or "Dockerfile:" not in failure.message, told
    for text, parts in ((failure.message, "message_has"), (failure.hint, "hint_has"), (evidence, "evidence_has")):
        assert [part for part in expected[parts] if part not in text] == [], told
    assert failure.hint and len(failure.evidence) <= 15, told


def main(names: list[str]) -> int:
    """Try each; the number of those that were told wrongly."""
    wrong = 0
    for name in names or NAMES:
        failure = asyncio.run(failure_of(name))
        try:
            assert_told(failure, expected_of(name))
            print(f"===== {name}: as expected", flush=True)
        except AssertionError as error:
            wrong += 1
            print(f"===== {name}: WRONG\n{error}", flush=True)
    return wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
