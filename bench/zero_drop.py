"""Redeploy and roll back an app under constant load and count what its clients lost: `python -m bench.zero_drop [N]`.

N redeploys (20) from changed source, then N rollbacks. Clients: kept and new connections, GET and POST, one 3 s request
and one websocket always open, and a websocket of another app that must survive all of it. Exit code 1 when anything
was lost.
"""

import asyncio
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from tests.support.real import APP, RealShipway, real_shipway

from bench.load import Load, Tally


def main() -> None:
    """Run it and print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with real_shipway() as shipway:
        tally, switches = asyncio.run(measure(shipway, rounds))
    print(table(tally, switches))
    sys.exit(1 if tally.failed or tally.websocket_closed["another app's websocket"] else 0)


async def measure(shipway: RealShipway, rounds: int) -> tuple[Tally, list[float]]:
    """The clients' tally, and how long each of the deployments took from request to traffic."""
    tally, stop = Tally(), asyncio.Event()
    with ThreadPoolExecutor(1) as pool:

        async def do(act, *arguments):  # type: ignore[no-untyped-def]
            return await asyncio.get_running_loop().run_in_executor(pool, act, *arguments)

        host, other = await do(prepare, shipway)
        load = Load(shipway.proxy_port, host, tally)
        sockets = [
            asyncio.ensure_future(load.websocket(stop, "the app's own websocket")),
            asyncio.ensure_future(Load(shipway.proxy_port, other, tally).websocket(stop, "another app's websocket")),
        ]
        switches = []
        async with load.running():
            for number in range(rounds):
                switches.append(await do(redeploy, shipway, number))
            for _ in range(rounds):
                switches.append(await do(rollback, shipway))
        stop.set()
        await asyncio.gather(*sockets)
    return tally, switches


def prepare(shipway: RealShipway) -> tuple[str, str]:
    """Two apps, live."""
    hosts = []
    for name in ("app", "other"):
        hosts.append(shipway.create(name, {"source": {"kind": "upload"}, "settings": {"drain_timeout": 5}}))
        expect_live(shipway, shipway.pipeline("deploy", name, {"upload": shipway.upload(APP)}))
    return hosts[0], hosts[1]


def redeploy(shipway: RealShipway, number: int) -> float:
    """A changed source, live; seconds from request to traffic."""
    digest = shipway.upload(APP, {"version.txt": f"{number}\n"})
    return expect_live(shipway, shipway.pipeline("deploy", "app", {"upload": digest}))


def rollback(shipway: RealShipway) -> float:
    """The release before, live again."""
    return expect_live(shipway, shipway.pipeline("rollback", "app"))


def expect_live(shipway: RealShipway, deployment_id: str) -> float:
    """Wait for a deployment and insist that it went live (it may be superseded again by now)."""
    began = time.monotonic()
    ended = shipway.wait(deployment_id)
    if ended["state"] != "live":
        raise SystemExit(f"d{ended['number']} is {ended['state']}: {ended['failure']}")
    return time.monotonic() - began


def table(tally: Tally, switches: list[float]) -> str:
    """What a reader wants to know."""
    rows = [(kind, str(count)) for kind, count in sorted(tally.ok.items())]
    rows += [
        ("requests answered", str(sum(count for kind, count in tally.ok.items() if "websocket" not in kind))),
        ("requests failed", str(len(tally.failed))),
        ("releases seen by clients", str(len(tally.releases))),
        ("another app's websocket closed", str(tally.websocket_closed["another app's websocket"])),
        ("the app's own websocket closed (drain timeout)", str(tally.websocket_closed["the app's own websocket"])),
        ("slowest answer, s (one of 3 s is always open)", f"{tally.slowest:.2f}"),
        ("deployments", str(len(switches))),
    ]
    lines = [f"| {name} | {value} |" for name, value in rows]
    return "\n".join(["| what | count |", "| --- | ---: |", *lines, *(f"lost: {text}" for text in tally.failed[:20])])


if __name__ == "__main__":
    main()
