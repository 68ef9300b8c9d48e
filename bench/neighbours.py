"""What builds do to an app beside them: `python -m bench.neighbours [ROUNDS [SECONDS]]`.

An app that Shipway deployed is asked through the proxy, 100 times a second whether or not it has answered yet (an open
loop: a wait is counted in full for everyone who waited). Phases of 15 s alternate, three of each: nothing else; and four
builds at once, of four services, each greedy for something else: CPU, memory, disk, processes (bench/greedy). All four
are under way before a busy phase begins, and still are when it ends; then they are cancelled. Medians of the phases. Exit
code 1 when the 99th percentile beside builds is over twice that without, or a request failed; also when the machine was
busy with something else, since then everything is slow without builds too, and the ratio would be near 1 whatever they do.
"""

import asyncio
import contextlib
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from tests.support.real import APP, RealShipway, real_shipway

from bench.load import Stream

BOUND = 2.0
#: Share of the CPUs in use without builds, the clients' own included, above which a ratio proves nothing.
QUIET = 0.5
RATE = 100.0
GREEDY = Path(__file__).with_name("greedy")
KINDS = ("cpu", "memory", "disk", "processes")
#: Seconds after which a greedy build ends by itself, whatever became of us.
LIFETIME = 180
DOCKERFILE = """\
FROM shipway-base/python:3.13
COPY greedy.py /
RUN python3 /greedy.py {kind} {seconds}
EXPOSE 8080
CMD ["true"]
"""


@dataclass(frozen=True)
class Phase:
    """What the clients saw for some seconds."""

    seconds: tuple[float, ...]
    failed: int
    #: Share of all CPUs' time that was in use, by whomever.
    used: float

    def percentile(self, rank: int) -> float:
        """In milliseconds."""
        return quantiles(self.seconds, n=100, method="inclusive")[rank - 1] * 1000


def main() -> None:
    """Run it and print the table."""
    rounds, seconds = (int(argument) for argument in (sys.argv[1:] + ["3", "15"][len(sys.argv) - 1 :]))
    with real_shipway(
        SHIPWAY_BASES="airgapped", SHIPWAY_BUILDS="sandbox", SHIPWAY_BUILD_CONCURRENCY="4", SHIPWAY_CONCURRENCY="4"
    ) as shipway:
        host = prepare(shipway)
        phases = [pair(shipway, host, seconds) for _ in range(rounds)]
    idle, busy = ([each[number] for each in phases] for number in (0, 1))
    print(table(idle, busy))
    failed = sum(phase.failed for phase in (*idle, *busy))
    ratio = middle(busy, 99) / middle(idle, 99)
    print(f"\nratio of p99 {ratio:.2f} (bound {BOUND:.0f}); {failed} requests failed")
    if noisy := median(phase.used for phase in idle) > QUIET:
        print("The machine was busy without the builds too: this ratio proves nothing.")
    sys.exit(ratio > BOUND or failed > 0 or noisy)


def prepare(shipway: RealShipway) -> str:
    """The app, live, and four services that are yet to be built; returns the app's host."""
    host = shipway.create("app", {"source": {"kind": "upload"}})
    shipway.wait(shipway.pipeline("deploy", "app", {"upload": shipway.upload(APP)}), states=("live",))
    for kind in KINDS:
        shipway.create(kind, {"source": {"kind": "upload"}})
    return host


def pair(shipway: RealShipway, host: str, seconds: float) -> tuple[Phase, Phase]:
    """A phase without and one with builds, one right after the other."""
    idle = asyncio.run(ask(shipway.proxy_port, host, seconds))
    with greedy_builds(shipway):
        return idle, asyncio.run(ask(shipway.proxy_port, host, seconds))


@contextlib.contextmanager
def greedy_builds(shipway: RealShipway) -> Iterator[None]:
    """Four builds that are under way for as long as the context lasts; insists on that."""
    deployments = {}
    for kind in KINDS:
        text = DOCKERFILE.format(kind=kind, seconds=LIFETIME)
        deployments[kind] = shipway.pipeline("deploy", kind, {"upload": shipway.upload(GREEDY, {"Dockerfile": text})})
    try:
        until = time.monotonic() + LIFETIME / 2
        while not all(f"{kind}: begins" in shipway.log(each, "build") for kind, each in deployments.items()):
            insist_under_way(shipway, deployments)
            assert time.monotonic() < until, "the builds did not begin"
            time.sleep(0.2)
        time.sleep(1)
        yield
        insist_under_way(shipway, deployments)
    finally:
        for each in deployments.values():
            shipway.api.post(f"/deployments/{each}/cancel")
        for each in deployments.values():
            shipway.wait(each)


def insist_under_way(shipway: RealShipway, deployments: dict[str, str]) -> None:
    """A build that has ended would make it look as if it did no harm."""
    for kind, each in deployments.items():
        found = shipway.deployment(each)
        if found["state"] not in ("queued", "running"):
            told = shipway.log(each, "build")[-1000:]
            raise SystemExit(f"The build greedy for {kind} is {found['state']}: {found['failure']}\n{told}")


async def ask(port: int, host: str, seconds: float) -> Phase:
    """Ask `RATE` times a second on kept connections, as many as it takes."""
    request = f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    kept: list[Stream] = []
    before, began, answers = cpu_ticks(), time.monotonic(), []
    for number in range(int(seconds * RATE)):
        due = began + number / RATE
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        answers.append(asyncio.ensure_future(_answer(port, request, kept, due)))
    found = await asyncio.gather(*answers)
    used, passed = (now - then for now, then in zip(cpu_ticks(), before, strict=True))
    for _, writer in kept:
        writer.close()
    answered = tuple(each for each in found if each is not None)
    return Phase(answered, len(found) - len(answered), used / passed)


async def _answer(port: int, request: bytes, kept: list[Stream], due: float) -> float | None:
    """Seconds from when it was due until it was answered; `None` when it was not."""
    try:
        async with asyncio.timeout(30):
            reader, writer = stream = kept.pop() if kept else await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.partition(b":")[2]))
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return None
    kept.append(stream)
    return time.monotonic() - due if head.startswith(b"HTTP/1.1 200") else None


def cpu_ticks() -> tuple[int, int]:
    """Of all CPUs since the machine started: in use, and in all."""
    ticks = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)


def middle(phases: list[Phase], rank: int) -> float:
    """The median of the phases' percentiles, in milliseconds."""
    return median(phase.percentile(rank) for phase in phases)


def table(idle: list[Phase], busy: list[Phase]) -> str:
    """Milliseconds of each phase's percentiles, and their medians."""
    lines = ["| phase | p50, ms | p99, ms | CPU in use | p99 of each |", "| --- | ---: | ---: | ---: | --- |"]
    for name, phases in (("nothing else", idle), ("beside four greedy builds", busy)):
        each = ", ".join(f"{phase.percentile(99):.1f}" for phase in phases)
        used = f"{median(phase.used for phase in phases):.0%}"
        lines.append(f"| {name} | {middle(phases, 50):.1f} | {middle(phases, 99):.1f} | {used} | {each} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
