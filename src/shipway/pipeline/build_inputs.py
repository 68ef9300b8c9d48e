"""What goes into a build besides its source (S3.6): values come from the store each time, and are recorded nowhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shipway.domain.registries import RegistryCredential
from shipway.domain.release import Release
from shipway.domain.service import Service, ServiceSettings
from shipway.pipeline.context import Context
from shipway.store import build_secrets, builds, config, registry_credentials, releases
from shipway.store.database import Tx
from shipway.store.sealing import sealer


@dataclass(frozen=True, slots=True)
class BuildInputs:
    """As `BuildRequest` takes them."""

    arguments: Mapping[str, str]
    secrets: Mapping[str, bytes] = field(repr=False)
    registries: tuple[RegistryCredential, ...]


@dataclass(frozen=True, slots=True)
class Basis:
    """What a build goes by that makes it what it is, beside its source and secrets."""

    settings: ServiceSettings
    #: Names of the variables that instances are given.
    configured: frozenset[str]
    #: The config vars that it gets.
    arguments: Mapping[str, str] = field(repr=False)


async def basis(tx: Tx, ctx: Context) -> Basis:
    """Today's; where a pruned image is built again, what it was built by."""
    if rebuild := ctx.deployment.rebuild:
        release = await releases.get(tx, rebuild.release_id)
        first = await first_release(tx, release) or release
        names = frozenset((*first.given.config, *first.given.secrets))
        return Basis(first.settings, names, await built_with(tx, release))
    names = frozenset(await config.effective(tx, ctx.service))
    return Basis(ctx.service.settings, names, await build_arguments(tx, ctx.service))


async def build_inputs(ctx: Context) -> BuildInputs:
    """Those of the service and its workspace. Secrets are always those of now: no former ones are kept. Raises `Unavailable`
    when sealed ones can't be opened."""
    platform, service = ctx.platform, ctx.service
    async with platform.database.read() as tx:
        key = await sealer(tx, platform.settings.home)
        arguments = (await basis(tx, ctx)).arguments
        secrets = await build_secrets.opened(tx, service.id, key)
        registries = await registry_credentials.opened(tx, service.workspace_id, key)
    return BuildInputs(arguments, {name: text.encode() for name, text in secrets.items()}, registries)


async def build_arguments(tx: Tx, service: Service) -> dict[str, str]:
    """The config vars that builds get, as they are now."""
    values = await config.merged(tx, service)
    return {name: values[name] for name in await config.buildtime(tx, service)}


async def built_with(tx: Tx, release: Release) -> dict[str, str]:
    """The build-time vars that a release's image was built with, whichever service it was built for. Names are the build's
    record, values the config of the release that it was first built for."""
    first = await first_release(tx, release)
    found = await builds.by_number(tx, first.service_id, release.image.build) if first else None
    return {name: first.given.config.get(name, "") for name in found[0].arguments} if first and found else {}


async def first_release(tx: Tx, release: Release) -> Release | None:
    """The one of new source from which a release has its image or, where that was pruned and built again, had it. `None`
    where that went with its service."""
    while base := await _base(tx, release):
        release = base
    return None if release.image_from else release


async def _base(tx: Tx, release: Release) -> Release | None:
    if release.image_from:
        return await releases.find(tx, release.image_from.release_id)
    return await releases.by_number(tx, release.service_id, release.derived_from) if release.derived_from else None


async def outdated(tx: Tx, service: Service, release: Release) -> tuple[str, ...]:
    """Names of the build-time vars and build secrets of `service` that are otherwise than those that the image of its `release`
    was built with, sorted; none of an image that is no build of ours. A secret counts that was set since: nobody can tell
    whether to another value. Those of a service that a release was promoted from are its own affair."""
    if not release.image.build:
        return ()
    today = await build_arguments(tx, service)
    first = await first_release(tx, release)
    if first is None:
        # It went with its service. What it was built with was in effect here as well, or it would not have been promoted.
        return different({name: release.given.config.get(name, "") for name in today}, today)
    otherwise = different(await built_with(tx, release), today)
    found = await builds.by_number(tx, first.service_id, release.image.build)
    if found is None or first.service_id != service.id:
        return otherwise
    names = {*found[0].secrets} ^ {*await build_secrets.names(tx, service.id)}
    return tuple(sorted({*otherwise, *names, *await build_secrets.changed_since(tx, service.id, found[0].created_at)}))


def different(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """Names of those that are not the same in both, sorted; never values."""
    return tuple(sorted(name for name in {*before, *after} if before.get(name) != after.get(name)))
