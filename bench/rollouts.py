"""How long what users wait for takes: `python -m bench.rollouts [ROUNDS]`.

- Undo: from when the command reaches the server until the old release, which is kept warm, has the traffic. Bound 100 ms.
- Failure: from when an app that crashes at start has exited, by its own clock, until the deployment is known to have
  failed. Bound 1 s.
- Start: 1, 5 and 20 new instances of an image that is present, from request to traffic, against Docker alone creating and
  starting as many, as many at the same time, until each has answered. Bound 1.6.

Medians of ROUNDS (5); the image, network and limits are the same. Exit code 1 when one is over its bound.
"""

import asyncio
import sys
import time
from datetime import datetime
from statistics import median
from typing import Any

import aiodocker
from tests.support.real import APP, RealShipway, real_shipway

from bench.speed import bare_start, running_image, seconds

UNDO, FAILURE, START = 0.1, 1.0, 1.6
SIZES = (1, 5, 20)
SMALL = {"memory": 64 * 2**20, "cpus": 0.5}
CRASH = "import time; print('now', time.time(), flush=True); raise SystemExit(3)"


def main() -> None:
    """Run it and print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with real_shipway() as shipway:
        prepare(shipway)
        undos = [undo(shipway) for _ in range(2 * rounds)]
        failures = [failure(shipway) for _ in range(rounds)]
        starts = {size: asyncio.run(start(shipway, size, rounds)) for size in SIZES}
    print(table(undos, failures, starts))
    ratios = [median(ours) / median(base) for base, ours in starts.values()]
    sys.exit(median(undos) > UNDO or median(failures) > FAILURE or max(ratios) > START)


def prepare(shipway: RealShipway) -> None:
    """An app with two releases, of which the former is kept warm; and one to crash."""
    settings = {"drain_timeout": 1, "keep_warm": 600, "resources": SMALL}
    for name in ("app", "cold"):
        shipway.create(name, {"source": {"kind": "upload"}, "settings": settings})
        for number in range(2):
            digest = shipway.upload(APP, {"version.txt": f"{number}\n"})
            finished(shipway, shipway.pipeline("deploy", name, {"upload": digest}))
    change(shipway, "cold", {"keep_warm": 0})


def change(shipway: RealShipway, name: str, settings: dict[str, object]) -> None:
    """Of a service."""
    url = f"/workspaces/t/projects/t/environments/production/services/{name}"
    shipway.api.patch(url, json={"settings": settings}).raise_for_status()


def undo(shipway: RealShipway) -> float:
    """Seconds of one rollback to what stands."""
    made = shipway.pipeline("rollback", "app")
    time.sleep(1)  # Asked ten times a second how it goes, the server would be measured answering that.
    done = finished(shipway, made)
    assert not done["plan"] or all(move["verb"] != "start" for move in done["plan"]["moves"]), "something was started"
    return seconds(done["created_at"], done["live_at"])


def failure(shipway: RealShipway) -> float:
    """Seconds from an app's own exit until its deployment is known to have failed."""
    change(shipway, "app", {"start_command": f'python3 -c "{CRASH}"'})
    digest = shipway.upload(APP, {"version.txt": f"{time.time()}\n"})
    failed = finished(shipway, shipway.pipeline("deploy", "app", {"upload": digest}), "failed")
    change(shipway, "app", {"start_command": ""})
    exited = next(float(line.split()[-1]) for line in failed["failure"]["evidence"] if "now" in line)
    known = next(step["finished_at"] for step in failed["steps"] if step["name"] == "health")
    return datetime.fromisoformat(known).timestamp() - exited


async def start(shipway: RealShipway, size: int, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds of Docker alone, and of a restart, for so many instances."""
    base, ours = [], []
    url = "/workspaces/t/projects/t/environments/production/services/cold"
    scaled = (await asyncio.to_thread(shipway.api.put, f"{url}/scale", json={"web": size})).raise_for_status().json()
    await asyncio.to_thread(finished, shipway, scaled["deployment"]["id"])
    async with aiodocker.Docker() as docker:
        image, network = await running_image(docker, shipway.installation)
        for number in range(rounds):
            base.append(await together(docker, image, network, f"{shipway.installation}.bare.{number}", size))
            made = (await asyncio.to_thread(shipway.api.post, f"{url}/restart")).raise_for_status().json()
            done = await asyncio.to_thread(finished, shipway, made["id"])
            ours.append(seconds(done["created_at"], done["live_at"]))
    return base, ours


async def together(docker: aiodocker.Docker, image: str, network: str, name: str, size: int) -> float:
    """So many containers, two at the same time, until each has answered."""
    turns = asyncio.Semaphore(2)
    began = time.monotonic()

    async def one(number: int) -> None:
        async with turns:
            await bare_start(docker, image, network, f"{name}.{number}")

    await asyncio.gather(*(one(number) for number in range(size)))
    return time.monotonic() - began


def finished(shipway: RealShipway, deployment_id: str, state: str = "live") -> dict[str, Any]:
    """A deployment that is over, drained and all, so that nothing else runs beside the next measurement."""
    shipway.wait(deployment_id, states=(state,))
    while not shipway.deployment(deployment_id)["finished_at"]:
        time.sleep(0.05)
    return shipway.deployment(deployment_id)


def table(undos: list[float], failures: list[float], starts: dict[int, tuple[list[float], list[float]]]) -> str:
    """What was measured, and its bound."""
    worst = max(undos) * 1000
    lines = [
        "| what | median | bound |",
        "| --- | ---: | ---: |",
        f"| undo within keep-warm, command to traffic | {median(undos) * 1000:.0f} ms (most {worst:.0f}) | 100 ms |",
        f"| crash at start, exit to known failure | {median(failures) * 1000:.0f} ms | 1000 ms |",
    ]
    for size, (base, ours) in starts.items():
        ratio = median(ours) / median(base)
        what = f"{size} instance{'s' if size > 1 else ''}, request to traffic, against Docker alone"
        lines.append(f"| {what} | {median(ours):.2f} s : {median(base):.2f} s = {ratio:.2f} | {START} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
