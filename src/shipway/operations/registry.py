"""The registry's token service for people: they `docker login` with an API token (S4.1)."""

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from shipway.domain.errors import Conflict, Unauthenticated
from shipway.operations.access import Actor
from shipway.operations.accounts import authenticate
from shipway.pipeline.platform import Platform
from shipway.registry.scopes import Allowed
from shipway.registry.tokens import Tokens
from shipway.store import tenancy


@runtime_checkable
class IssuesTokens(Protocol):
    """A registry that we issue the tokens of."""

    @property
    def tokens(self) -> Tokens:
        """Its token service."""


async def registry_token(
    platform: Platform, username: str, password: str, scopes: Iterable[str]
) -> dict[str, str | int]:
    """What a registry client that was sent to us gets. Raises `Unauthenticated`."""
    registry = platform.registry
    if not isinstance(registry, IssuesTokens):
        raise Conflict("The registry of this installation is not ours.", hint="Log in there.")

    async def user_access(name: str, secret: str) -> Allowed | None:
        return await _allowed(platform, name, secret)

    return await registry.tokens.token_response(username, password, scopes, user_access)


async def _allowed(platform: Platform, username: str, password: str) -> Allowed | None:
    """Everything under the workspaces that the user belongs to; `None` for a wrong name or token."""
    try:
        user = await authenticate(platform, password, "token")
    except Unauthenticated:
        return None
    if user.name != username:
        return None
    async with platform.database.read() as tx:
        mine = {workspace.slug for workspace in await tenancy.workspaces(tx) if Actor(user).sees(workspace.id)}
    return lambda repository, _action: repository.partition("/")[0] in mine
