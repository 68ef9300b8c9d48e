"""Whom the watchman looks after: the instances of `web` of all live deployments, as the store has them now."""

import random
from collections.abc import Mapping

from shipway.domain.probe import readiness
from shipway.domain.process import WEB
from shipway.domain.service import Service
from shipway.pipeline.health_command import known_environment
from shipway.pipeline.platform import Platform
from shipway.store import deployments, releases, rollouts, services
from shipway.store.database import Tx
from shipway.store.rollouts import StoredRollout
from shipway.worker.charge import Charge, Post


class Roster:
    """Kept from one look to the next, so that what is known of an instance stays with it."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        #: By instance.
        self.charges: dict[str, Charge] = {}
        #: By deployment; what a release is does not change.
        self._posts: dict[str, Post] = {}

    async def refresh(self, now: float) -> None:
        """Look at the store. Raises `Unavailable`."""
        async with self._platform.database.read() as tx:
            live = await rollouts.live(tx)
            known = {service.id: service for service in await services.listed(tx)} if live else {}
            self._posts = {each.deployment_id: await self._post(tx, each, known) for each in live}
        present: dict[str, Charge] = {}
        for rollout in live:
            service = known.get(rollout.service_id)
            host = next(iter(service.hosts if service else ()), "")
            present |= {charge.target.name: charge for charge in self._seen(rollout, host, now)}
        self.charges = present

    async def _post(self, tx: Tx, rollout: StoredRollout, known: Mapping[str, Service]) -> Post:
        if post := self._posts.get(rollout.deployment_id):
            return post
        deployment = await deployments.get(tx, rollout.deployment_id)
        release = await releases.get(tx, deployment.release_id or "")
        settings, service = release.settings, known.get(rollout.service_id)
        return Post(
            deployment_id=rollout.deployment_id,
            service_id=rollout.service_id,
            question=readiness(settings.probe, weak=bool(deployment.weakly_verified)),
            interval=settings.probe.interval,
            failures=settings.probe.failures,
            liveness=settings.liveness,
            startup=settings.probe.timeout,
            stop_grace=settings.grace_of(WEB),
            environment=known_environment(service, deployment, release, self._platform.settings) if service else {},
            secrets=frozenset(release.given.secrets),
        )

    def _seen(self, rollout: StoredRollout, host: str, now: float) -> list[Charge]:
        post = self._posts[rollout.deployment_id]
        standing = [target for target in rollout.targets if target.name not in rollout.parked]
        return [self._charge(post, host or target.address, rollout, target.name, now) for target in standing]

    def _charge(self, post: Post, host: str, rollout: StoredRollout, name: str, now: float) -> Charge:
        target = next(each for each in rollout.targets if each.name == name)
        unready = name in rollout.unready
        charge = self.charges.get(name)
        if charge is None:
            # It has just passed, or Shipway has just started: either way there is no hurry.
            charge = Charge(post, host, target, unready, since=now)
            charge.next_readiness = now + random.uniform(0, post.interval)  # noqa: S311 - nothing secret
            charge.next_liveness = now + random.uniform(0, post.liveness.interval)  # noqa: S311
            if unready:
                # But what was brought back, and what was not ready before a restart of Shipway, waits for requests.
                charge.hurry(now)
        charge.post, charge.host, charge.target, charge.unready = post, host, target, unready
        return charge
