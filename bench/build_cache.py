"""How much faster the second build is: `python -m bench.build_cache [ROUNDS]`.

On a real Shipway with a workspace of its own. Before the clock starts, air-gapped bases are made, the workspace's sandbox
is up and has them: two apps without dependencies were built in it. What is timed is the step `build`: the first time, with
nothing installed and nothing cached; then after one line of the source has changed. Each round is another Shipway, and so
another empty cache. Exit code 1 when the median ratio is under 5, or when the second build installed anything again.
"""

import re
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from tests.support.apps import APPS
from tests.support.real import APP, RealShipway, real_shipway

BOUND = 5.0
#: How a step of the log that was taken from the cache ends.
_CACHED = "… cached"


@dataclass(frozen=True)
class Sample:
    """An app, the file of which one line changes, and what its install step's line in the log holds."""

    name: str
    file: str
    line: str
    changed: str
    install: str


SAMPLES = (
    Sample("flask-pip", "app.py", 'return "hello"', 'return "hello again"', "pip install -r requirements.txt"),
    Sample("express-npm", "src/server.js", 'send("hello")', 'send("hello again")', "npm ci"),
)
#: An app without dependencies per runtime, which brings sandbox and base up.
WARMERS = {"warm-python": APP, "warm-node": APPS / "node-plain-no-lock-file"}


@dataclass(frozen=True)
class Pair:
    """Seconds of a sample's two builds."""

    name: str
    first: float
    second: float

    @property
    def ratio(self) -> float:
        """How many times faster the second was."""
        return self.first / self.second


def main() -> None:
    """Run it and print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    pairs = [pair for _ in range(rounds) for pair in measure()]
    print("| app | first build, s | after one line, s | ratio |\n| --- | ---: | ---: | ---: |")
    ratios = []
    for sample in SAMPLES:
        own = [pair for pair in pairs if pair.name == sample.name]
        first, second = median(pair.first for pair in own), median(pair.second for pair in own)
        ratios.append(median(pair.ratio for pair in own))
        print(f"| {sample.name} | {first:.1f} | {second:.2f} | {ratios[-1]:.1f} |")
    print(f"\nlowest ratio {min(ratios):.1f} (bound {BOUND:.0f}); the second builds installed nothing")
    sys.exit(min(ratios) < BOUND)


def measure() -> list[Pair]:
    """Both builds of each sample, on a Shipway of their own."""
    with real_shipway(SHIPWAY_BASES="airgapped", SHIPWAY_BUILDS="sandbox") as shipway:
        for name, directory in WARMERS.items():
            shipway.create(name, {"source": {"kind": "upload"}})
            deploy(shipway, name, directory, {})
        return [both(shipway, sample) for sample in SAMPLES]


def both(shipway: RealShipway, sample: Sample) -> Pair:
    """Deploy it, change one line, deploy it again; insists that it was installed the first time and not the second."""
    shipway.create(sample.name, {"source": {"kind": "upload"}})
    directory = APPS / sample.name
    text = (directory / sample.file).read_text()
    assert text.count(sample.line) == 1, f"{sample.file} has changed"
    first = deploy(shipway, sample.name, directory, {})
    second = deploy(shipway, sample.name, directory, {sample.file: text.replace(sample.line, sample.changed)})
    was_cached = [cached(shipway.log(each["id"], "build"), sample.install) for each in (first, second)]
    if was_cached != [False, True]:
        told = shipway.log(second["id"], "build")
        raise SystemExit(f"{sample.name}: install steps cached: {was_cached}, not [False, True]\n{told}")
    return Pair(sample.name, seconds(first), seconds(second))


def cached(log: str, command: str) -> bool:
    """Whether every step of a build's log that runs the command came from the cache. Raises when there is none."""
    steps = [line for line in log.splitlines() if re.match(r"\s*\[.*\] RUN ", line) and command in line]
    if not steps:
        raise SystemExit(f"No step runs `{command}`:\n{log}")
    return all(line.rstrip().endswith(_CACHED) for line in steps)


def deploy(shipway: RealShipway, name: str, directory: Path, changes: dict[str, str]) -> dict[str, Any]:
    """The deployment, once it is live."""
    digest = shipway.upload(directory, changes)
    ended = shipway.wait(shipway.pipeline("deploy", name, {"upload": digest}), timeout=900)
    if ended["state"] != "live":
        raise SystemExit(f"{name} is {ended['state']}: {ended['failure']}\n{shipway.log(ended['id'], 'build')[-3000:]}")
    return ended


def seconds(deployment: dict[str, Any]) -> float:
    """What its step `build` took."""
    step = next(step for step in deployment["steps"] if step["name"] == "build")
    return (datetime.fromisoformat(step["finished_at"]) - datetime.fromisoformat(step["started_at"])).total_seconds()


if __name__ == "__main__":
    main()
