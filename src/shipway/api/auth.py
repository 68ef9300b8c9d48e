"""Who asks: a bearer token, or a browser's session."""

from typing import Annotated

from fastapi import Depends, Security
from fastapi.requests import HTTPConnection
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from shipway.api.guards import SESSION_COOKIE
from shipway.domain.errors import Unauthenticated
from shipway.operations import accounts
from shipway.operations.access import Actor
from shipway.pipeline.platform import Platform

#: Header in which our own clients say what they are; shown as the deployment's trigger.
DOOR_HEADER = "X-Shipway-Door"
_DOORS = frozenset({"cli", "dashboard"})

_bearer = HTTPBearer(auto_error=False, description="An API token: `shipway tokens create`.")
_session = APIKeyCookie(name=SESSION_COOKIE, auto_error=False, description="A browser's session.")


def get_platform(request: HTTPConnection) -> Platform:
    """The platform this application was made over."""
    platform: Platform = request.app.state.platform
    return platform


ThePlatform = Annotated[Platform, Depends(get_platform)]


async def current_actor(
    request: HTTPConnection,
    platform: ThePlatform,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    session: Annotated[str | None, Security(_session)],
) -> Actor:
    """Raises `Unauthenticated`."""
    if bearer is not None:
        door = request.headers.get(DOOR_HEADER, "")
        return Actor(
            await accounts.authenticate(platform, bearer.credentials, "token"), door if door in _DOORS else "api"
        )
    if session:
        return Actor(await accounts.authenticate(platform, session, "session"), "dashboard")
    raise Unauthenticated(
        "This needs an API token or a session.", hint="Send Authorization: Bearer <token>; `shipway login` gets one."
    )


TheActor = Annotated[Actor, Depends(current_actor)]
