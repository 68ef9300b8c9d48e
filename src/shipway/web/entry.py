"""The doorway: each page is entered through here, so none can forget the session, the form check or the headers."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from shipway.domain.errors import ShipwayError, Unauthenticated
from shipway.operations.access import Actor
from shipway.operations.accounts import authenticate
from shipway.pipeline.platform import Platform
from shipway.web import forms, problems, sessions
from shipway.web.headers import secure
from shipway.web.visit import Visit

Endpoint = Callable[[Request], Awaitable[Response]]
OpenPage = Callable[[Platform, Request], Awaitable[Response]]
Page = Callable[[Visit], Awaitable[Response]]


def open_to_all(platform: Platform, page: OpenPage) -> Endpoint:
    """An endpoint that answers anybody. What `page` raises becomes a page too."""

    async def answer(request: Request) -> Response:
        try:
            response = await page(platform, request)
        except ShipwayError as error:
            response = problems.explain(error)
        except Exception as error:
            response = problems.confess(error)
        return secure(response)

    return answer


def logged_in(platform: Platform, page: Page) -> Endpoint:
    """An endpoint for people with a session; others are sent to the login page. Posted forms are checked (`forms`)."""

    async def enter(platform: Platform, request: Request) -> Response:
        session = sessions.secret(request)
        try:
            user = await authenticate(platform, session, "session")
        except Unauthenticated:
            return sessions.to_login(request)
        form = await forms.checked(platform, request, session) if request.method == "POST" else {}
        return await page(Visit(platform, request, Actor(user, "dashboard"), session, forms.token(session), form))

    return open_to_all(platform, enter)
