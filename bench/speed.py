"""How long from an image that is present to traffic, against what Docker alone needs: `python -m bench.speed [N]`.

For an app that starts at once. The base of the ratio is `docker create` + `docker start` + the first 200 of the same
image, through the engine's own API and with the same limits, on the same network; both are taken N times (15) in turn
in the same run. Exit code 1 when the median of a rollback or restart is over 1.6 times the base's.
"""

import asyncio
import json
import sys
import time
from datetime import datetime
from statistics import median
from typing import Any

import aiodocker
from tests.support.real import APP, RealShipway, real_shipway

from shipway.pipeline.prober import probe_http

BOUND = 1.6


def main() -> None:
    """Run it and print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with real_shipway() as shipway:
        shipway.create("app", {"source": {"kind": "upload"}, "settings": {"drain_timeout": 1, "keep_warm": 0}})
        for number in range(2):
            digest = shipway.upload(APP, {"version.txt": f"{number}\n"})
            shipway.wait(shipway.pipeline("deploy", "app", {"upload": digest}), states=("live",))
        base, ours, steps = asyncio.run(measure(shipway, rounds))
    ratio = median(ours) / median(base)
    print(table(base, ours, steps, ratio))
    sys.exit(1 if ratio > BOUND else 0)


async def measure(shipway: RealShipway, rounds: int) -> tuple[list[float], list[float], dict[str, list[float]]]:
    """Seconds of each bare start, of each rollback from request to traffic, and of each step."""
    base: list[float] = []
    ours: list[float] = []
    steps: dict[str, list[float]] = {}
    async with aiodocker.Docker() as docker:
        image, network = await running_image(docker, shipway.installation)
        for number in range(rounds):
            base.append(await bare_start(docker, image, network, f"{shipway.installation}.bare.{number}"))
            done = await asyncio.to_thread(roll_back, shipway)
            ours.append(seconds(done["created_at"], done["live_at"]))
            for step in done["steps"]:
                if step["state"] == "complete" and step["finished_at"]:
                    steps.setdefault(step["name"], []).append(seconds(step["started_at"], step["finished_at"]))
    return base, ours, steps


async def running_image(docker: aiodocker.Docker, installation: str) -> tuple[str, str]:
    """Image and network of the app's live instance."""
    for container in await docker.containers.list(
        filters=json.dumps({"label": [f"shipway.installation={installation}"]})
    ):
        shown = await container.show()
        return shown["Image"], next(iter(shown["NetworkSettings"]["Networks"]))
    raise SystemExit("nothing runs")


async def bare_start(docker: aiodocker.Docker, image: str, network: str, name: str) -> float:
    """What Docker alone needs: create, start, first 200, asked every 5 ms."""
    config: dict[str, Any] = {
        "Image": image,
        "Env": ["PORT=8080"],
        "HostConfig": {"NetworkMode": network, "Memory": 512 << 20, "Init": True, "CapDrop": ["ALL"]},
    }
    began = time.monotonic()
    container = await docker.containers.create(config, name=name)
    try:
        await container.start()
        address = (await container.show())["NetworkSettings"]["Networks"][network]["IPAddress"]
        while await probe_http(address, 8080, "/", host="x", timeout=1) != 200:
            await asyncio.sleep(0.005)
        return time.monotonic() - began
    finally:
        await container.delete(force=True)


def roll_back(shipway: RealShipway) -> dict[str, Any]:
    """A rollback to a retained image, finished and drained, so that nothing else runs beside the next measurement."""
    deployment_id = shipway.pipeline("rollback", "app")
    shipway.wait(deployment_id, states=("live",))
    while not shipway.deployment(deployment_id)["finished_at"]:
        time.sleep(0.05)
    return shipway.deployment(deployment_id)


def seconds(start: str, end: str) -> float:
    """Between two moments of the API."""
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def table(base: list[float], ours: list[float], steps: dict[str, list[float]], ratio: float) -> str:
    """The ratio, and where the time goes."""
    whole = median(ours)
    lines = [
        "| what | median, ms | share |",
        "| --- | ---: | ---: |",
        f"| docker create + start + first 200 | {median(base) * 1000:.0f} | |",
        f"| rollback, request to traffic | {whole * 1000:.0f} | 100 % |",
    ]
    lines += [
        f"| · {name} | {median(taken) * 1000:.0f} | {median(taken) / whole:.0%} |"
        for name, taken in steps.items()
        if name != "finalize"
    ]
    return "\n".join([*lines, "", f"ratio {ratio:.2f} (bound {BOUND})"])


if __name__ == "__main__":
    main()
