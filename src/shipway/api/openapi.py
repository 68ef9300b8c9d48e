"""The published description, GET /openapi.json: FastAPI's, with our problem documents in the place of its own errors."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from shipway.api.problem import MEDIA_TYPE
from shipway.api.schemas.problem import Problem

_CONTENT = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}

#: Of every operation.
PROBLEMS: dict[int | str, dict[str, Any]] = {
    "400": {"description": "Malformed; the detail names the field.", "content": _CONTENT},
    "401": {"description": "No token, or one that is unknown or expired.", "content": _CONTENT},
    "403": {"description": "Not allowed to this user or token.", "content": _CONTENT},
    "404": {"description": "It does not exist, or it is another workspace's.", "content": _CONTENT},
    "409": {"description": "It clashes with something that exists, or with the present state.", "content": _CONTENT},
    "4XX": {"description": "The request can't be done as asked.", "content": _CONTENT},
    "503": {"description": "A part of the world did not answer; try again after Retry-After.", "content": _CONTENT},
    "5XX": {"description": "Shipway failed; the detail has the incident's id.", "content": _CONTENT},
}


def install(app: FastAPI) -> None:
    """Have the application publish the amended description."""
    original = app.openapi

    def amended() -> dict[str, Any]:
        if app.openapi_schema is None:
            _amend(original())
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = amended  # type: ignore[method-assign]


def _amend(schema: dict[str, Any]) -> None:
    models = schema["components"]["schemas"]
    for obsolete in ("HTTPValidationError", "ValidationError"):
        models.pop(obsolete, None)
    models["Problem"] = Problem.model_json_schema()
    for operation in _operations(schema):
        operation["responses"].pop("422", None)


def _operations(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in schema["paths"].values():
        yield from path.values()
