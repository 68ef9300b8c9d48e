"""Private registries: what a workspace's builds may read from (S3.6)."""

from shipway.domain.errors import NotFound
from shipway.domain.registries import KnownRegistry, RegistryCredential, check_credential, registry_host
from shipway.operations import access
from shipway.operations.access import Actor
from shipway.pipeline.platform import Platform
from shipway.store import registry_credentials
from shipway.store.sealing import sealer


async def list_registries(platform: Platform, actor: Actor, workspace: str) -> list[KnownRegistry]:
    """A workspace's, by host. Passwords are never shown."""
    async with platform.database.read() as tx:
        return await registry_credentials.listed(tx, (await access.workspace(tx, actor, workspace)).id)


async def put_registry(
    platform: Platform, actor: Actor, workspace: str, credential: RegistryCredential
) -> KnownRegistry:
    """The credential for its host, from the next build on; replaces the one that was there. Raises `Invalid`."""
    host = registry_host(credential.host)
    checked = check_credential(RegistryCredential(host, credential.username, credential.password, credential.kind))
    async with platform.database.write() as tx:
        found = await access.workspace(tx, actor, workspace)
        key = await sealer(tx, platform.settings.home)
        await registry_credentials.put(tx, found.id, checked, key, actor.user.name)
        return next(known for known in await registry_credentials.listed(tx, found.id) if known.host == host)


async def remove_registry(platform: Platform, actor: Actor, workspace: str, host: str) -> None:
    """Forget the credential for a host. Raises `NotFound`."""
    name = registry_host(host)
    async with platform.database.write() as tx:
        found = await access.workspace(tx, actor, workspace)
        if not await registry_credentials.remove(tx, found.id, name):
            raise NotFound(f"{workspace} has no credential for {name}.", hint="`shipway registries` lists them.")
