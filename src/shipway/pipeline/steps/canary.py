"""canary: some of the requests first, judged against the old instances over the same minutes, then more (S6.2)."""

import asyncio

from shipway.domain.artifacts import Rollout, Tried
from shipway.domain.errors import Unhealthy
from shipway.domain.judgement import Judgement, Sample, judge
from shipway.domain.latency import Reading, typical
from shipway.domain.strategy import Strategy
from shipway.domain.traffic import Traffic
from shipway.pipeline.context import Context
from shipway.pipeline.gate import unless_one_ends
from shipway.store import releases, rollouts
from shipway.store.rollouts import StoredRollout

#: Seconds between two looks at the proxy's counters.
LOOK = 1.0
#: A step with too few requests to judge lasts so many times as long as it should; then it counts as passed.
PATIENCE = 3


async def try_out(ctx: Context, rollout: Rollout) -> Tried:
    """Return when every step has passed; the last step's share then stays until traffic switches.

    Raises `Unhealthy` (`canary-worse`) as soon as the new instances are clearly worse, or when one of them ends; `abandon`
    sends all requests back in one switch. After a restart of Shipway the step that was under way begins again.
    """
    async with ctx.platform.database.read() as tx:
        strategy = (await releases.get(tx, rollout.release_id)).settings.strategy
        known = {each.deployment_id: each for each in await rollouts.listed(tx, ctx.service.id)}
    own, old = known[ctx.deployment.id], next((each for each in known.values() if each.state == "live"), None)
    if old is None or not old.targets or not rollout.targets:
        return Tried()
    trial = _Trial(ctx, strategy, own, old)
    return await unless_one_ends(ctx, rollout.first, trial.run(own))


class _Trial:
    """One canary against what serves."""

    def __init__(self, ctx: Context, strategy: Strategy, own: StoredRollout, old: StoredRollout) -> None:
        self._ctx, self._strategy, self._own, self._old = ctx, strategy, own.origin, old.origin
        self._instances = {each.origin: len(each.targets) for each in (own, old)}
        self._before: dict[str, Traffic] = {}
        self._looks: dict[str, list[Reading]] = {}

    async def run(self, own: StoredRollout) -> Tried:
        """All steps, but those that were passed before a restart."""
        last = Judgement("too few", "")
        for percent in self._strategy.steps:
            if percent >= own.percent:
                last = await self._step(percent)
        return Tried((await self._look()).get(self._own, Traffic()).requests, last.why)

    async def _step(self, percent: int) -> Judgement:
        await self._share(percent)
        self._ctx.log(f"-----> {percent} % of the requests go to the new release")
        clock = asyncio.get_running_loop().time
        began, self._before, self._looks = clock(), await self._look(), {}
        while True:
            await asyncio.sleep(min(LOOK, self._strategy.interval))
            judgement = await self._judged()
            if judgement.verdict == "worse":
                raise Unhealthy(
                    f"The new release is worse than the old one: {judgement.why}.",
                    hint="All requests go to the old one again. Look at the new one's last lines below.",
                    code="canary-worse",
                )
            elapsed = clock() - began
            if elapsed >= self._strategy.interval * (1 if judgement.verdict == "good" else PATIENCE):
                self._ctx.log(f"       {judgement.verdict}: {judgement.why}")
                return judgement

    async def _share(self, percent: int) -> None:
        async with self._ctx.platform.database.write() as tx:
            await rollouts.set_share(tx, self._ctx.deployment.id, percent)
        await self._ctx.platform.routes.reconcile()

    async def _judged(self) -> Judgement:
        now = await self._look()
        return judge(self._sample(self._own, now), self._sample(self._old, now), sample=self._strategy.sample)

    async def _look(self) -> dict[str, Traffic]:
        return await self._ctx.platform.routes.traffic()

    def _sample(self, name: str, now: dict[str, Traffic]) -> Sample:
        """Counts begin anew when the proxy is reloaded: all that is there from then on counts."""
        before, counted = self._before.get(name, Traffic()), now.get(name, Traffic())
        looks = self._looks.setdefault(name, [Reading(before.requests, before.response_ms)])
        if counted.requests < looks[-1].requests:
            self._before[name] = before = Traffic()
        looks.append(Reading(counted.requests, counted.response_ms))
        since = counted.since(before)
        return Sample(since.requests, since.errors_5xx, typical(looks, instances=self._instances[name]))
