"""Getting in by the one-time link, and out again."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from shipway.domain.errors import Unauthenticated
from shipway.operations.accounts import log_out, redeem_link
from shipway.pipeline.platform import Platform
from shipway.web import forms, sessions
from shipway.web.render import page
from shipway.web.visit import Visit


async def offer(_platform: Platform, request: Request) -> Response:
    """Show a button; only pressing it uses the link up, so that a chat's link preview does not."""
    return page("login.html", link=request.query_params.get("link", ""), problem=None)


async def redeem(platform: Platform, request: Request) -> Response:
    """Trade the link for a session."""
    forms.check_origin(platform, request)
    fields = await forms.read(request)
    try:
        session = await redeem_link(platform, fields.get("link", ""))
    except Unauthenticated as problem:
        return page("login.html", 401, link="", problem=problem)
    response = RedirectResponse("/dashboard", 303)
    sessions.begin(request, response, session, platform.settings.url)
    return response


async def leave(visit: Visit) -> Response:
    """End the session, here and on the server."""
    await log_out(visit.platform, visit.session)
    response = RedirectResponse("/login", 303)
    sessions.end(response)
    return response
