"""What may have changed in a Vault since: looked at before the store is asked which secrets there are."""

from shipway.domain.errors import NotFound
from shipway.domain.names import EnvironmentPath
from shipway.domain.secret import SecretHome
from shipway.operations import access
from shipway.operations.access import Actor
from shipway.pipeline.platform import Platform


async def secret_home(platform: Platform, actor: Actor, path: EnvironmentPath) -> SecretHome:
    """The environment's. Raises `NotFound`."""
    async with platform.database.read() as tx:
        found = await access.environment(tx, actor, path.workspace, path.project, path.environment)
    return SecretHome(found.id, path)


async def look(platform: Platform, actor: Actor, path: EnvironmentPath) -> None:
    """Let the store know, outside of any transaction; of an environment that is not there yet, nothing. Raises `Unavailable`
    and `VaultRefused`."""
    try:
        home = await secret_home(platform, actor, path)
    except NotFound:
        return
    await platform.vault.look(home)
