"""The health check that is a command: run inside an instance, where exit code 0 passes (S7.1)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from shipway.builders.masking import masking_of_environment
from shipway.domain.artifacts import Target
from shipway.domain.deployment import Deployment
from shipway.domain.probe import Probe
from shipway.domain.process import WEB, argv
from shipway.domain.release import Release
from shipway.domain.service import Service
from shipway.domain.workload import Executed
from shipway.pipeline.context import Context
from shipway.pipeline.delivery import Delivery
from shipway.pipeline.said import masking
from shipway.pipeline.workloads import instance_environment
from shipway.settings import Settings


@dataclass(frozen=True, slots=True)
class HealthCommand:
    """The command of one instance of a release."""

    ctx: Context
    release: Release
    target: Target

    async def run(self, probe: Probe) -> Executed | None:
        """Run it once; `None` when the instance does not run. What it says may hold secrets."""
        ctx = self.ctx
        environment = known_environment(ctx.service, ctx.deployment, self.release, ctx.platform.settings)
        words = command_line(probe.command, environment, self.release.given.secrets, self.target.name)
        return await ctx.platform.engine.execute(self.target.name, words, probe.longest_run)

    async def shown(self, ran: Executed) -> Executed:
        """The same without what is secret, or looks so."""
        known = await masking(self.ctx.platform, self.ctx.service)
        by_looks = masking_of_environment(self.release.given.config, ())
        return replace(ran, output=by_looks(known(ran.output)))


def known_environment(
    service: Service, deployment: Deployment, release: Release, settings: Settings
) -> Mapping[str, str]:
    """What the instances of a release are given, apart from secrets and from their own names."""
    config = Delivery(release.given.config)
    return instance_environment(service, deployment.id, release, settings, config, process=WEB, instance="")


def command_line(
    command: str, environment: Mapping[str, str], secrets: Collection[str], instance: str
) -> tuple[str, ...]:
    """The words of a health check's command, read as the commands of process types are. One that names a secret is for
    the instance's own shell to fill in: the secret is there already, and need not be opened again for every question."""
    return argv(command, {**environment, "SHIPWAY_INSTANCE": instance}, secrets) or ("",)
