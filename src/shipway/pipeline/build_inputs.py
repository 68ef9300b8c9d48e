"""What goes into a build besides its source (S3.6): values come from the store each time, and are recorded nowhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shipway.domain.registries import RegistryCredential
from shipway.domain.service import Service
from shipway.pipeline.context import Context
from shipway.store import build_secrets, config, registry_credentials
from shipway.store.database import Tx
from shipway.store.sealing import sealer


@dataclass(frozen=True, slots=True)
class BuildInputs:
    """As `BuildRequest` takes them."""

    arguments: Mapping[str, str]
    secrets: Mapping[str, bytes] = field(repr=False)
    registries: tuple[RegistryCredential, ...]


async def build_inputs(ctx: Context) -> BuildInputs:
    """Those of the service and its workspace, as they are now. Raises `Unavailable` when sealed ones can't be opened."""
    platform, service = ctx.platform, ctx.service
    async with platform.database.read() as tx:
        key = await sealer(tx, platform.settings.home)
        arguments = await build_arguments(tx, service)
        secrets = await build_secrets.opened(tx, service.id, key)
        registries = await registry_credentials.opened(tx, service.workspace_id, key)
    return BuildInputs(arguments, {name: text.encode() for name, text in secrets.items()}, registries)


async def build_arguments(tx: Tx, service: Service) -> dict[str, str]:
    """The config vars that builds get, as they are now."""
    values = await config.merged(tx, service)
    return {name: values[name] for name in await config.buildtime(tx, service)}
