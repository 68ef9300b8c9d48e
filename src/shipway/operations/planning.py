"""What a deployment would do, told before it is asked for (S6.3). Nothing changes and nothing is kept."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from shipway.domain.artifacts import Image
from shipway.domain.clock import now
from shipway.domain.deployment import BRING_NEW, Action
from shipway.domain.errors import CallerError, Conflict, Invalid, NotFound
from shipway.domain.names import ServicePath
from shipway.domain.origin import ImageOrigin
from shipway.domain.plan import Plan
from shipway.domain.process import WEB, ProcessType, process_name
from shipway.domain.rebuild import Rebuild
from shipway.domain.release import Given, Release
from shipway.domain.service import Service
from shipway.domain.source import ImageSource
from shipway.operations import access
from shipway.operations.access import Actor
from shipway.operations.looking import look
from shipway.operations.rebuilding import rebuild_of
from shipway.pipeline.config_changes import config_changes
from shipway.pipeline.derived import derived
from shipway.pipeline.planner import plan
from shipway.pipeline.platform import Platform
from shipway.pipeline.snapshot import check_to_be_had, snapshot
from shipway.pipeline.survey import survey
from shipway.store import deployments, releases, services
from shipway.store.database import Tx

MOST_INSTANCES = 50
#: Of a rollback: what the release had, or what a release that is made now gets.
ConfigMode = Literal["snapshot", "current"]


async def plan_deploy(platform: Platform, actor: Actor, path: ServicePath, *, zero_downtime: bool = False) -> Plan:
    """Of the service's source with today's config and settings. Its process types are the newest release's: what the
    source declares by now is known once it is analyzed. Raises `NoRoom` as the deployment itself would."""
    await look(platform, actor, path.home)
    async with platform.database.read() as tx:
        service = await access.service(tx, actor, path)
        release = await _to_be(tx, service)
    return await planned(platform, service, release, "deploy", zero_downtime=zero_downtime)


async def plan_rollback(
    platform: Platform,
    actor: Actor,
    path: ServicePath,
    version: int | None = None,
    *,
    config: ConfigMode = "snapshot",
    zero_downtime: bool = False,
) -> Plan:
    """To release `version`, by default the last that was live before: itself, or its image with today's config. Either
    says in `today` what the two have otherwise, and in `rebuilds_from` whether its image must be built again."""
    await look(platform, actor, path.home)
    async with platform.database.read() as tx:
        service = await access.service(tx, actor, path)
        release = await earlier_release(tx, service, version)
        rebuild = await rebuild_of(tx, service, release)
        today = await _today(tx, service, release, config)
        number = await services.last_number(tx, service.id, "release") + 1
    origin = ImageOrigin(release.id, str(path), release.number)
    wanted = release if config == "snapshot" else derived(service, release, origin, today, number=number)
    made = await planned(platform, service, wanted, "rollback", zero_downtime=zero_downtime)
    made = replace(made, today=config_changes(release.given, today))
    return _rebuilding(made, rebuild) if rebuild else made


def _rebuilding(made: Plan, rebuild: Rebuild) -> Plan:
    names = ", ".join(rebuild.otherwise)
    told = f"It is built with the build-time vars that it had; today's are otherwise: {names}." if names else ""
    return replace(made, rebuilds_from=rebuild.checkout.revision, warnings=(*made.warnings, *filter(None, (told,))))


async def plan_restart(platform: Platform, actor: Actor, path: ServicePath, *, zero_downtime: bool = False) -> Plan:
    """Of the release that is live."""
    await look(platform, actor, path.home)
    async with platform.database.read() as tx:
        service = await access.service(tx, actor, path)
        release = await live_release(tx, service)
    if release is None:
        raise Conflict(f"{path} has nothing live.", hint="Deploy it first: `shipway deploy`.")
    return await planned(platform, service, release, "restart", zero_downtime=zero_downtime)


async def plan_scale(
    platform: Platform, actor: Actor, path: ServicePath, counts: Mapping[str, int], *, zero_downtime: bool = False
) -> Plan | None:
    """To so many instances; `None` when nothing is live, so that only the next deployment starts as many.
    Raises `Invalid` for a process type that there is not."""
    check_counts(counts)
    await look(platform, actor, path.home)
    async with platform.database.read() as tx:
        service = await access.service(tx, actor, path)
        await _check_processes(tx, service, counts)
        release = await live_release(tx, service)
    if release is None:
        return None
    scaled = replace(service, scale=service.scale | dict(counts))
    return await planned(platform, scaled, release, "scale", zero_downtime=zero_downtime)


def check_counts(counts: Mapping[str, int]) -> None:
    """Raises `Invalid` for a name that is none and a number that is out of range."""
    for process, count in counts.items():
        process_name(process)
        if not 0 <= count <= MOST_INSTANCES:
            raise Invalid(f"{process}={count} is out of range.", hint=f"Between 0 and {MOST_INSTANCES}.")


async def earlier_release(tx: Tx, service: Service, version: int | None) -> Release:
    """The one with that number; without one the release that was live last, other than the one that is: rolling back
    twice goes back and forth no further. Raises `NotFound` or `Conflict`."""
    if version is not None:
        return await numbered_release(tx, service, version)
    live = await deployments.get(tx, service.live_deployment_id) if service.live_deployment_id else None
    for known in await deployments.previously_live(tx, service.id):
        if known.release_id and (live is None or known.release_id != live.release_id):
            return await releases.get(tx, known.release_id)
    raise Conflict(
        f"{service.path} has no earlier release that was live.",
        hint="`shipway releases` lists what there is; `shipway rollback --version N` takes any of it.",
    )


async def numbered_release(tx: Tx, service: Service, version: int) -> Release:
    """By its number. Raises `NotFound`, with those there are."""
    found = await releases.by_number(tx, service.id, version)
    if found is None:
        known = [f"v{release.number}" for release in await releases.of_service(tx, service.id, limit=10)]
        raise NotFound(f"{service.path} has no release v{version}.", hint=f"It has {', '.join(known) or 'none yet'}.")
    return found


async def live_release(tx: Tx, service: Service) -> Release | None:
    """The one that has the traffic."""
    if service.live_deployment_id is None:
        return None
    live = await deployments.get(tx, service.live_deployment_id)
    return await releases.get(tx, live.release_id) if live.release_id else None


async def _today(tx: Tx, service: Service, release: Release, config: ConfigMode) -> Given:
    """What a release would get now. To go back to one as it was takes nothing of it, and must not fail for it."""
    try:
        return await snapshot(tx, service)
    except CallerError:
        if config == "current":
            raise
        return release.given


async def _check_processes(tx: Tx, service: Service, counts: Mapping[str, int]) -> None:
    newest = await releases.of_service(tx, service.id, limit=1)
    known = {process.name for release in newest for process in release.processes}
    if known and (unknown := sorted(set(counts) - known)):
        raise Invalid(
            f"{service.path} has no process type {unknown[0]!r}.", hint=f"It has: {', '.join(sorted(known))}."
        )


async def _to_be(tx: Tx, service: Service) -> Release:
    """The release that a deployment would make, as far as that can be known."""
    newest = next(iter(await releases.of_service(tx, service.id, limit=1)), None)
    given = await snapshot(tx, service)
    source = service.source
    label = source.reference if isinstance(source, ImageSource) else "a new build"
    return Release(
        id="",
        service_id=service.id,
        number=await services.last_number(tx, service.id, "release") + 1,
        image=Image("", "", label),
        given=given,
        processes=newest.processes if newest else (ProcessType(WEB),),
        port=service.settings.port,
        settings=service.in_effect,
        config_hash=given.hash,
        created_at=now(),
        release_command=newest.release_command if newest else "",
    )


async def planned(
    platform: Platform, service: Service, release: Release, action: Action, *, zero_downtime: bool
) -> Plan:
    """How `release`, one that there is or one to be (without an id), would come to serve. Raises `NoRoom`, `WouldInterrupt`,
    and `SecretMissing` or `SecretRevoked` of one that there is, as nothing of it could be started."""
    async with platform.database.read() as tx:
        number = await services.last_number(tx, service.id, "deployment") + 1
        if release.id:
            await check_to_be_had(tx, service, release.given)
    situation = await survey(
        platform,
        service,
        release,
        action=action,
        deployment=number,
        zero_downtime=zero_downtime,
        makes_release=not release.id,
        runs_command=action in BRING_NEW and bool(release.release_command),
    )
    return plan(situation)
