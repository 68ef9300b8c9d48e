"""What went wrong, as a page: what it was, and what to do next."""

import traceback

from starlette.responses import RedirectResponse, Response

from shipway.domain import errors
from shipway.domain.clock import now
from shipway.domain.errors import NotFound, ShipwayError
from shipway.domain.ids import new_id
from shipway.web.render import page
from shipway.web.visit import Visit

#: The first that fits counts.
_STATUS: tuple[tuple[type[ShipwayError], int, str], ...] = (
    (errors.NotFound, 404, "Not found"),
    (errors.Unauthenticated, 401, "Not logged in"),
    (errors.Forbidden, 403, "Not allowed"),
    (errors.Conflict, 409, "Not now"),
    (errors.LimitReached, 429, "Limit reached"),
    (errors.CallerError, 400, "That can't be done"),
    (errors.Unavailable, 503, "Not available right now"),
)


def explain(error: ShipwayError) -> Response:
    """A page for an error that was raised on purpose."""
    known = ((status, title) for kind, status, title in _STATUS if isinstance(error, kind))
    status, title = next(known, (500, "Something failed"))
    return page("error.html", status, title=title, message=error.message, hint=error.hint)


def confess(error: Exception) -> Response:
    """A page for a bug of ours; the traceback goes to our log, its id to the reader."""
    incident = new_id("bug")
    print(f"{now():%FT%T} {incident}\n{''.join(traceback.format_exception(error))}", flush=True)
    hint = "This is a bug of ours. Shipway's log has the details under that id."
    return page("error.html", 500, title="Shipway failed", message=f"This page broke ({incident}).", hint=hint)


async def nowhere(visit: Visit) -> Response:
    """Any other address; one with a slash too many leads to the page without it."""
    path = visit.request.url.path
    if path.endswith("/"):
        return RedirectResponse("/" + path.strip("/"), 307)
    raise NotFound("There is no such page.", hint="The dashboard lists all your services.")
