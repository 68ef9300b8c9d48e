"""The session cookie."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from shipway.operations.accounts import SESSION_LIFE

COOKIE = "shipway_session"


def secret(request: Request) -> str:
    """The session's secret, as the browser sent it; empty without one."""
    return request.cookies.get(COOKIE, "")


def begin(request: Request, response: Response, session: str, url: str) -> None:
    """Give the browser its session. `url` is the installation's own: over https the cookie travels by nothing else."""
    safe = request.url.scheme == "https" or url.startswith("https:")
    life = int(SESSION_LIFE.total_seconds())
    response.set_cookie(COOKIE, session, max_age=life, httponly=True, samesite="lax", secure=safe)


def end(response: Response) -> None:
    """Take the session away."""
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")


def to_login(request: Request) -> Response:
    """Where people without a session go."""
    response = RedirectResponse("/login", 303)
    if secret(request):
        end(response)
    return response
