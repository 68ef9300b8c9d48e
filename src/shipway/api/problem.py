"""Errors as the API answers them: problem documents (RFC 9457) with a stable code and what to do next."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from fastapi.responses import JSONResponse

MEDIA_TYPE = "application/problem+json"


def problem(
    status: int,
    detail: str,
    *,
    code: str,
    hint: str = "",
    evidence: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """A problem document as a response."""
    content: dict[str, object] = {
        "type": f"urn:shipway:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "hint": hint,
    }
    if evidence:
        content["evidence"] = list(evidence)
    return JSONResponse(content, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)
