"""The guard: for some minutes after a switch, the errors of what is live against those of what was live before it."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from shipway.domain.artifacts import Switch
from shipway.domain.clock import now
from shipway.domain.codec import decode
from shipway.domain.deployment import Deployment, Guarded
from shipway.domain.judgement import Sample, judge
from shipway.domain.service import Service
from shipway.domain.traffic import Traffic
from shipway.operations.queueing import enqueue
from shipway.pipeline import topics
from shipway.pipeline.platform import Platform
from shipway.store import deployments, journal, releases, rollouts, services
from shipway.store.database import Tx
from shipway.worker.contained import contained

#: Seconds between two looks.
PERIOD = 5.0
#: Requests below which nothing is concluded.
SAMPLE = 30
#: What was before was not in the same minutes: the rate of 5xx must be higher by as much as it was.
INCREASE = 1.0
#: How long after the end of its window a deployment is still undone.
LATE = timedelta(seconds=30)
#: How long after its switch a deployment is of interest at all; windows are a day at most.
LONGEST = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class _Watched:
    """A live deployment of which nothing has been concluded."""

    service: Service
    deployment: Deployment
    #: Name of its set in the proxy, and what that had counted at the switch.
    origin: str
    then: Traffic
    former: Sample
    former_id: str

    @property
    def ends(self) -> datetime:
        return (self.deployment.live_at or now()) + timedelta(seconds=self.service.settings.guard.window)


class Guardian:
    """Watches over deployments that went live lately. Level-based: what it goes by is in the store and in the proxy."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        #: Deployments whose counts began anew since their switch: these soon pass what they were then.
        self._anew: set[str] = set()

    async def run(self) -> None:
        """Look now and then, until cancelled."""
        while True:
            with contained("guard"):
                await self.round()
            await asyncio.sleep(PERIOD)

    async def round(self) -> None:
        """Warn of what fails more than what was before, or undo it; conclude what went well. Raises `Unavailable`."""
        async with self._platform.database.read() as tx:
            recent = await deployments.unguarded(tx, since=now() - LONGEST)
            watched = [found for each in recent if (found := await _watched(tx, each))]
        self._anew &= {each.deployment.id for each in watched}
        if not watched:
            return
        counted = await self._platform.routes.traffic()
        for each in watched:
            with contained("guard"):
                await self._look(each, counted.get(each.origin, Traffic()))

    async def _look(self, watched: _Watched, counted: Traffic) -> None:
        judgement = judge(self._since(watched, counted), watched.former, sample=SAMPLE, increase=INCREASE)
        if judgement.verdict == "worse":
            await self._act(watched, judgement.why)
        elif now() >= watched.ends:
            few = "too few requests to tell: " if judgement.verdict == "too few" else ""
            await self._conclude(watched, f"{few}{judgement.why}")

    def _since(self, watched: _Watched, counted: Traffic) -> Sample:
        """Counts begin anew when the proxy is reloaded: what is there then is what there is."""
        if counted.requests < watched.then.requests or counted.errors_5xx < watched.then.errors_5xx:
            self._anew.add(watched.deployment.id)
        return _sample(counted if watched.deployment.id in self._anew else counted.since(watched.then))

    async def _conclude(self, watched: _Watched, why: str) -> None:
        async with self._platform.database.write() as tx:
            await deployments.mark(tx, watched.deployment.id, guarded=Guarded("good", why))
        self._platform.signals.notify(watched.deployment.id)

    async def _act(self, watched: _Watched, why: str) -> None:
        """Warning and undo are recorded in the transaction that enqueues the undo: it is done once or not at all."""
        async with self._platform.database.write() as tx:
            current = await deployments.get(tx, watched.deployment.id)
            if current.state != "live" or current.guarded:
                return
            guarded = await _consequence(tx, watched, why)
            await deployments.mark(tx, watched.deployment.id, guarded=guarded)
        for topic in (topics.QUEUE, watched.deployment.id):
            self._platform.signals.notify(topic)
        done = f"undone by d{guarded.undone_by}" if guarded.undone_by else "warning"
        print(f"guard: {watched.service.path} d{watched.deployment.number}: {done}: {guarded.why}", flush=True)


async def _watched(tx: Tx, deployment: Deployment) -> _Watched | None:
    """`None` where nobody is to watch, or nothing is known of the switch."""
    service = await services.get(tx, deployment.service_id)
    rollout = await rollouts.find(tx, deployment.id)
    recorded = await journal.recorded(tx, deployment.id, "route")
    if service.settings.guard.mode == "off" or rollout is None or recorded is None or not recorded[1]:
        return None
    switch = decode(Switch, recorded[1])
    former = switch.carried.get(switch.former, Traffic())
    then = switch.carried.get(deployment.id, Traffic())
    return _Watched(service, deployment, rollout.origin, then, _sample(former), switch.former)


def _sample(counted: Traffic) -> Sample:
    return Sample(counted.requests, counted.errors_5xx)


async def _consequence(tx: Tx, watched: _Watched, why: str) -> Guarded:
    if watched.service.settings.guard.mode == "warn":
        return Guarded("warned", why)
    former = await deployments.find(tx, watched.former_id)
    release_id = former.release_id if former else None
    if release_id is None:
        return Guarded("warned", f"{why}; not undone: the release before it is not there any more")
    if release_id == watched.deployment.release_id:
        return Guarded("warned", f"{why}; not undone: it is the release that was live before")
    if obstacle := await _obstacle(tx, watched):
        return Guarded("warned", f"{why}; not undone: {obstacle}")
    undo = await enqueue(tx, watched.service, "rollback", trigger="guard", actor="Shipway", release_id=release_id)
    return Guarded("undone", why, undone_by=undo.number)


async def _obstacle(tx: Tx, watched: _Watched) -> str:
    """Why it must not be undone by a machine; empty: it may be."""
    own = watched.deployment
    if now() > watched.ends + LATE:
        return "nobody looked in the minutes after the switch"
    if not own.brings_new and own.action != "config":
        # What somebody wanted back stays, and so does what the guard itself brought back.
        return f"it brought no new release, it was a {own.action}"
    if await deployments.unfinished(tx, own.service_id):
        return "another deployment is under way"
    # Where only config was changed, the release before it is of the same code, and its command is the same.
    if own.brings_code and own.release_id and (await releases.get(tx, own.release_id)).release_command:
        return "its release command has run, and the release before it may not get along with what that changed"
    return ""
