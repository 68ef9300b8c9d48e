"""The registry's token service: who may push and pull what, said in tokens that the registry verifies by itself.

A client that the registry turned away comes here with a user name and password and asks for scopes; it gets a token
that is good for what it may do. Passwords are users' API tokens, or credentials that Shipway makes for its own engine
and builder: signed, good for one repository and a few minutes, kept nowhere.
"""

import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError

from shipway.domain.credential import Credential
from shipway.domain.errors import Unauthenticated
from shipway.registry.keys import SigningKey
from shipway.registry.scopes import Access, Allowed, grant

#: User name of the credentials that Shipway makes for itself.
MACHINE = "shipway"
#: Seconds a registry token is good for: long enough to send one layer, since a client asks again for the next.
TOKEN_LIFETIME = 300
#: Seconds in which a machine credential may be exchanged for tokens.
CREDENTIAL_LIFETIME = 600.0

#: Given a user name and password, what they may do; `None` when nobody has them.
UserAccess = Callable[[str, str], Awaitable[Allowed | None]]


class Tokens:
    """Issues and checks what this installation's registry is accessed with."""

    def __init__(
        self,
        key: SigningKey,
        *,
        issuer: str,
        service: str,
        lifetime: float = CREDENTIAL_LIFETIME,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._key = key
        self._issuer = issuer
        self._service = service
        self._lifetime = lifetime
        self._clock = clock

    def credential(self, repository: str, actions: Sequence[str], *, reads: str = "") -> Credential:
        """A credential for exactly these actions on exactly this repository, exchangeable for ten minutes; `reads` names
        a workspace of which it may pull everything besides."""
        access = [Access(type="repository", name=repository, actions=list(actions))]
        if reads:
            access.append(Access(type="repository", name=f"{reads}/", actions=["pull"]))
        return Credential(MACHINE, self._sign({}, MACHINE, self._password_audience, self._lifetime, access))

    def own_token(self, repository: str, *actions: str) -> str:
        """A registry token for one repository, without the way by a credential."""
        access = Access(type="repository", name=repository, actions=list(actions))
        vouched = {"x5c": [self._key.certificate]}
        return self._sign(vouched, MACHINE, self._service, TOKEN_LIFETIME, [access])

    async def token_response(
        self, username: str, password: str, scopes: Iterable[str], user_access: UserAccess
    ) -> dict[str, str | int]:
        """Answer a client's request for a token: `token`, `access_token` (the same), `expires_in`, `issued_at`.

        The token covers that part of `scopes` that the user may do, possibly nothing. Raises `Unauthenticated` for
        unknown, expired or missing credentials; whatever `user_access` raises passes through.
        """
        allowed = self._machine_access(username, password)
        if allowed is None and username and password:
            allowed = await user_access(username, password)
        if allowed is None:
            raise Unauthenticated(
                "The registry needs a user name and an API token.",
                hint="Run docker login with your user name and an API token as the password.",
            )
        vouched = {"x5c": [self._key.certificate]}
        token = self._sign(vouched, username, self._service, TOKEN_LIFETIME, grant(scopes, allowed))
        issued_at = datetime.fromtimestamp(int(self._clock()), UTC).isoformat().replace("+00:00", "Z")
        return {"token": token, "access_token": token, "expires_in": TOKEN_LIFETIME, "issued_at": issued_at}

    @property
    def _password_audience(self) -> str:
        """Not the registry itself: a machine credential is no registry token, and a registry token no password."""
        return f"{self._service}/credentials"

    def _sign(
        self, header: dict[str, Any], subject: str, audience: str, lifetime: float, access: Sequence[Access]
    ) -> str:
        now = self._clock()
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "sub": subject,
            "aud": audience,
            "exp": int(now + lifetime),
            # A clock that is set back a little must not make the registry refuse what was just issued.
            "nbf": int(now) - 10,
            "iat": int(now),
            "jti": secrets.token_urlsafe(12),
            "access": list(access),
        }
        return jwt.encode({"alg": "ES256", "typ": "JWT", "kid": self._key.kid, **header}, claims, self._key.key)

    def _machine_access(self, username: str, password: str) -> Allowed | None:
        """What a machine credential permits; `None` when this is none, or one that expired."""
        if username != MACHINE:
            return None
        try:
            claims = jwt.decode(password, self._key.key, algorithms=["ES256"]).claims
        except (JoseError, ValueError):
            return None
        ours = claims.get("iss") == self._issuer and claims.get("aud") == self._password_audience
        if not ours or claims.get("exp", 0) <= self._clock():
            return None
        permitted = {(entry["name"], action) for entry in claims["access"] for action in entry["actions"]}
        # A name that ends in a slash stands for all repositories below it; none is called so.
        return lambda repository, action: bool(
            {(repository, action), (f"{repository.partition('/')[0]}/", action)} & permitted
        )
