"""What comes of webhooks under load and over crashes: `python -m bench.webhooks [DELIVERIES] [SERVICES]`.

DELIVERIES (1,000) pushes of SERVICES (20) repositories are told in bursts of 50 at once, while Shipway is killed (-9) in the
middle of every fifth burst and started again; a code host whose delivery was not answered sends it again. Then as many again at
a steady 50 a second. Bounds: each delivery that was answered has exactly one outcome, none is there twice, none is lost; every
deployment came of exactly one; the last commit of every branch is live in the end; at the steady rate 99 of 100 answers take
less than 200 ms. Exit code 1 when one does not hold.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import httpx2
from tests.support.code_hosts import APush, github, headers, sha
from tests.support.git import GitRepository
from tests.support.images import ensure_test_image
from tests.support.real import RealShipway, real_shipway

BURST, RATE = 50, 50
SLOWEST = 0.2
_SETTINGS = {"health": {"timeout": 60}, "drain_timeout": 1, "stop_grace": 1, "keep_warm": 0, "guard": {"mode": "off"}}


@dataclass(frozen=True)
class Hook:
    """A webhook as the code host knows it."""

    url: str
    secret: str


@dataclass(frozen=True)
class Push:
    """One to be told of, by its own name."""

    identity: str
    service: str
    body: bytes


@dataclass(frozen=True)
class Answered:
    """When it was answered at last."""

    identity: str
    seconds: float
    #: Times that it was sent.
    sent: int


def main() -> None:
    """Run it and print the figures."""
    deliveries = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    services = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    with tempfile.TemporaryDirectory(prefix="shipway-webhooks-") as directory, real_shipway() as shipway:
        repositories = [_repository(shipway, Path(directory) / f"s{number}") for number in range(services)]
        hook = _hook(shipway)
        first, second = _pushes(repositories, deliveries, "burst"), _pushes(repositories, deliveries, "steady")
        told, kills = asyncio.run(_bursts(shipway, hook, first))
        told_steadily = asyncio.run(_steady(hook, second))
        _settle(shipway)
        faults = [*_faults(shipway, [*first, *second]), *_not_live(shipway, [*first, *second])]
    took = sorted(each.seconds for each in told_steadily)
    slow = quantiles(took, n=100)[98]
    again = sum(each.sent - 1 for each in told)
    print(f"bursts of {BURST}: {len(told)} answered, {kills} kills, {again} sent again")
    print(
        f"steady {RATE}/s: {len(took)} answered, median {median(took) * 1000:.0f} ms, "
        f"99% under {slow * 1000:.0f} ms (bound {SLOWEST * 1000:.0f})"
    )
    print(f"faults: {len(faults)}", *faults[:20], sep="\n")
    sys.exit(bool(faults) or slow > SLOWEST)


def _repository(shipway: RealShipway, path: Path) -> GitRepository:
    made = GitRepository.create(path)
    shipway.create(path.name, {"source": {"kind": "git", "url": str(path)}, "settings": _SETTINGS})
    return made


def _hook(shipway: RealShipway) -> Hook:
    made = shipway.api.post("/workspaces/t/webhooks", json={"kind": "github"}).json()
    return Hook(f"http://127.0.0.1:{shipway.port}/hooks/{made['webhook']['id']}", made["secret"])


def _pushes(repositories: Sequence[GitRepository], count: int, name: str) -> list[Push]:
    """Each repository in turn, one commit each; only each one's last is ever built twice over, the others mostly give way."""
    image = asyncio.run(ensure_test_image())
    each = -(-count // len(repositories))
    histories = []
    for repository in repositories:
        commits = [sha(f"{name} {repository.path}")]
        for number in range(each):
            page = f"RUN mkdir -p /www && echo {name}-{number} > /www/index.html"
            serve = 'CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]'
            commits.append(repository.commit({"Dockerfile": f"FROM {image}\nEXPOSE 8080\n{page}\n{serve}\n"}))
        histories.append([_push(repository, name, pair) for pair in pairwise(commits)])
    return [push for turn in zip(*histories, strict=True) for push in turn][:count]


def _push(repository: GitRepository, name: str, ends: tuple[str, str]) -> Push:
    where = {"clone_url": str(repository.path), "default_branch": "main"}
    told = github(APush(*ends, more={"repository": where}))
    return Push(f"{name}-{repository.path.name}-{ends[1]}", repository.path.name, json.dumps(told).encode())


async def _bursts(shipway: RealShipway, hook: Hook, pushes: Sequence[Push]) -> tuple[list[Answered], int]:
    told: list[Answered] = []
    kills = 0
    async with httpx2.AsyncClient(timeout=10, trust_env=False) as client:
        for number, at in enumerate(range(0, len(pushes), BURST), 1):
            burst = asyncio.gather(*(_tell(client, hook, push) for push in pushes[at : at + BURST]))
            if number % 5 == 0:
                await asyncio.sleep(0.03)
                await asyncio.to_thread(_die, shipway)
                kills += 1
            told += await burst
    return told, kills


def _die(shipway: RealShipway) -> None:
    shipway.kill()
    shipway.start()


async def _steady(hook: Hook, pushes: Sequence[Push]) -> list[Answered]:
    async with httpx2.AsyncClient(timeout=10, trust_env=False) as client:
        begun = time.monotonic()
        sent = []
        for number, push in enumerate(pushes):
            await asyncio.sleep(max(0.0, begun + number / RATE - time.monotonic()))
            sent.append(asyncio.create_task(_tell(client, hook, push)))
        return await asyncio.gather(*sent)


async def _tell(client: httpx2.AsyncClient, hook: Hook, push: Push) -> Answered:
    """Until it is answered, as a code host that sends again."""
    sent = 0
    while True:
        sent, began = sent + 1, time.monotonic()
        try:
            given = headers("github", push.body, hook.secret, identity=push.identity)
            answer = await client.post(hook.url, content=push.body, headers=given)
        except httpx2.HTTPError:
            await asyncio.sleep(0.2)
            continue
        assert answer.status_code == 202, answer.text
        return Answered(push.identity, time.monotonic() - began, sent)


def _settle(shipway: RealShipway) -> None:
    """Wait until nothing is queued or under way any more."""
    deadline = time.monotonic() + 1800
    while time.monotonic() < deadline:
        services = shipway.api.get("/workspaces/t/projects/t/environments/production/services").json()
        if all(each["state"] in ("running", "failed", "degraded") for each in services):
            return
        time.sleep(1)
    raise TimeoutError("deployments don't come to an end")


def _faults(shipway: RealShipway, pushes: Sequence[Push]) -> list[str]:
    """What was told, by what is recorded, read as a user would page through it."""
    known = _deliveries(shipway)
    faults = [] if len(known) == len(pushes) else [f"{len(pushes)} were answered, {len(known)} are recorded"]
    faults += [f"{each['about']}: {len(each['outcomes'])} outcomes" for each in known if len(each["outcomes"]) != 1]
    deployed = Counter(
        outcome["deployment_id"] for each in known for outcome in each["outcomes"] if outcome["kind"] == "deployed"
    )
    faults += [f"{identity} came of {count} deliveries" for identity, count in deployed.items() if count > 1]
    made = set()
    for service in {push.service for push in pushes}:
        made |= _deployments(shipway, service)
    faults += [f"{identity} came of no delivery" for identity in made - set(deployed)]
    return faults + [f"{identity} is not there" for identity in set(deployed) - made]


def _deliveries(shipway: RealShipway) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        asked = {"limit": 500, "before": found[-1]["id"] if found else ""}
        page = shipway.api.get("/workspaces/t/deliveries", params=asked).json()
        if not page:
            return found
        found += page


def _deployments(shipway: RealShipway, service: str) -> set[str]:
    where = f"/workspaces/t/projects/t/environments/production/services/{service}/deployments"
    found: set[str] = set()
    asked: dict[str, Any] = {"limit": 100}
    while True:
        page = shipway.api.get(where, params=asked).json()
        found |= {each["id"] for each in page["deployments"]}
        if page["next_before"] is None:
            return found
        asked["before"] = page["next_before"]


def _not_live(shipway: RealShipway, pushes: Sequence[Push]) -> list[str]:
    last = {push.service: json.loads(push.body)["after"] for push in pushes}
    faults = []
    for service, commit in last.items():
        where = f"/workspaces/t/projects/t/environments/production/services/{service}"
        live = (shipway.api.get(where).json()["live"] or {}).get("release")
        found = shipway.api.get(f"{where}/releases/{live}").json().get("commit") if live else "nothing"
        if found != commit:
            faults.append(f"{service}: {found} is live, {commit} was pushed last")
    return faults


if __name__ == "__main__":
    main()
