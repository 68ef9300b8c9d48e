"""Which error becomes which answer."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from shipway.api.problem import problem
from shipway.domain.errors import (
    CallerError,
    Conflict,
    DeployFailed,
    Forbidden,
    LimitReached,
    NotFound,
    ShipwayError,
    Unauthenticated,
    Unavailable,
)

#: Seconds after which a client may ask again when a part of the world did not answer.
RETRY_AFTER = "2"

#: The first that fits.
_STATUS: tuple[tuple[type[ShipwayError], int], ...] = (
    (Unauthenticated, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (LimitReached, 429),
    (CallerError, 400),
    (DeployFailed, 422),
    (Unavailable, 503),
)
_HEADERS = {
    401: {"WWW-Authenticate": "Bearer"},
    429: {"Retry-After": RETRY_AFTER},
    503: {"Retry-After": RETRY_AFTER},
}
_CODES = {404: "not-found", 405: "method-not-allowed", 413: "too-large"}


def install(app: FastAPI) -> None:
    """Answer every error that is raised on purpose; `Incidents` answers the others."""
    app.add_exception_handler(ShipwayError, _shipway_error)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http_error)


def answer(error: ShipwayError) -> JSONResponse:
    """The problem document for an error of ours."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    evidence = error.evidence if isinstance(error, DeployFailed) else ()
    return problem(
        status, error.message, code=error.code, hint=error.hint, evidence=evidence, headers=_HEADERS.get(status)
    )


async def _shipway_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ShipwayError)
    return answer(error)


async def _malformed(_: Request, error: Exception) -> JSONResponse:
    """What is wrong with each field; never what was sent in it, which may be a secret."""
    assert isinstance(error, RequestValidationError)
    faults = [f"{_field(fault['loc'])}: {_sentence(fault['msg'])}" for fault in error.errors()]
    return problem(400, "; ".join(faults[:3]), code="invalid", hint="GET /openapi.json says what each field takes.")


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, "invalid" if error.status_code < 500 else "internal")
    detail = (
        error.detail if error.status_code not in (404, 405) else f"{error.detail}: {request.method} {request.url.path}"
    )
    return problem(
        error.status_code, detail, code=code, hint="GET /openapi.json lists what there is.", headers=error.headers
    )


def _field(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)


def _sentence(text: str) -> str:
    return text.removeprefix("Value error, ")
