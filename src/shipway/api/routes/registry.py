"""The token service of the built-in registry: `docker login` ends here (S4.1)."""

from typing import Annotated

from fastapi import APIRouter, Query, Security
from fastapi.security import HTTPBasic, HTTPBasicCredentials

from shipway.api.auth import ThePlatform
from shipway.api.schemas.token import RegistryToken
from shipway.operations.registry import registry_token

router = APIRouter(tags=["registry"])

_basic = HTTPBasic(auto_error=False, description="A user name and an API token.")


@router.get("/registry/token")
async def get_registry_token(
    platform: ThePlatform,
    basic: Annotated[HTTPBasicCredentials | None, Security(_basic)],
    scope: Annotated[list[str], Query(max_length=100)] = [],  # noqa: B006 - FastAPI copies defaults
    service: Annotated[str, Query(max_length=200, description="The registry's name; there is one.")] = "",  # noqa: ARG001
) -> RegistryToken:
    """A token for the part of the scopes that may be had. By the distribution specification; clients' POST gets a 405, and
    they come back with GET."""
    name, secret = (basic.username, basic.password) if basic else ("", "")
    return RegistryToken.model_validate(await registry_token(platform, name, secret, scope))
