"""Getting in: the one-time link, sessions, API tokens. Only hashes are kept."""

import hashlib
import secrets
from datetime import timedelta

from shipway.domain.clock import now
from shipway.domain.errors import Invalid, NotFound, Unauthenticated
from shipway.domain.user import CredentialKind, IssuedCredential, User
from shipway.operations.access import Actor
from shipway.pipeline.platform import Platform
from shipway.store import users

ADMIN = "admin"
LINK_LIFE = timedelta(hours=1)
SESSION_LIFE = timedelta(days=14)
#: Tells a leaked token from noise, for people and for secret scanners.
TOKEN_PREFIX = "shipway_"  # noqa: S105 - a prefix, not a secret


async def one_time_link(platform: Platform) -> str:
    """A URL that logs its first visitor in as the administrator within the hour. There is no default password."""
    secret = await _issue(platform, await _admin(platform), "link", label="one-time link", life=LINK_LIFE)
    return f"{platform.settings.url}/login?link={secret}"


async def administrator_token(platform: Platform, label: str) -> str:
    """An API token for the command line of whoever may read this machine's own files."""
    return await _issue(platform, await _admin(platform), "token", label=label, life=None)


async def redeem_link(platform: Platform, secret: str) -> str:
    """Trade a one-time link's secret for a session's. Raises `Unauthenticated`; a link works once."""
    async with platform.database.write() as tx:
        user = await users.by_credential(tx, _hash(secret), "link")
        mine = await users.revoke(tx, hashed=_hash(secret))
    if user is None or not mine:
        raise Unauthenticated(
            "This link was used already or is too old.",
            hint="`shipway login-link` on the server's machine makes a new one.",
        )
    return await _issue(platform, user, "session", label="browser", life=SESSION_LIFE)


async def log_out(platform: Platform, session: str) -> None:
    """End a session."""
    async with platform.database.write() as tx:
        await users.revoke(tx, hashed=_hash(session))


async def authenticate(platform: Platform, secret: str, kind: CredentialKind) -> User:
    """Whose session or token this is. Raises `Unauthenticated`."""
    async with platform.database.read() as tx:
        user = await users.by_credential(tx, _hash(secret), kind)
    if user is None:
        raise Unauthenticated(
            "Not logged in, or the token is unknown or expired.", hint="Log in again: `shipway login`."
        )
    return user


async def create_token(platform: Platform, actor: Actor, label: str, *, days: int | None) -> str:
    """A new API token of the actor's own; its text is shown this once."""
    if not label.strip() or (days is not None and days < 1):
        raise Invalid(
            "A token needs a label, and at least one day to live.", hint="For example: --label laptop --days 90."
        )
    return await _issue(platform, actor.user, "token", label=label[:80], life=timedelta(days=days) if days else None)


async def list_tokens(platform: Platform, actor: Actor) -> list[IssuedCredential]:
    """The actor's own, newest first, without their text."""
    async with platform.database.read() as tx:
        return await users.credentials(tx, actor.user.id, "token")


async def revoke_token(platform: Platform, actor: Actor, token_id: str) -> None:
    """Make a token of the actor's own worthless at once."""
    async with platform.database.write() as tx:
        if not await users.revoke(tx, identifier=token_id, user_id=actor.user.id):
            raise NotFound(f"You have no token {token_id!r}.", hint="`shipway tokens` lists yours.")


async def _admin(platform: Platform) -> User:
    async with platform.database.write() as tx:
        return await users.ensure(tx, ADMIN, admin=True)


async def _issue(platform: Platform, user: User, kind: CredentialKind, *, label: str, life: timedelta | None) -> str:
    secret = (TOKEN_PREFIX if kind == "token" else "") + secrets.token_urlsafe(32)
    async with platform.database.write() as tx:
        await users.issue(tx, user.id, kind, _hash(secret), label=label, expires_at=now() + life if life else None)
    return secret


def _hash(secret: str) -> str:
    """A plain hash is right here: the secrets are 256 random bits, not passwords."""
    return hashlib.sha256(secret.encode()).hexdigest()
