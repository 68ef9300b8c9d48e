"""Private registries that builds read from."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from shipway.api.schemas.fields import Request, View
from shipway.domain.registries import TOKEN_USER, RegistryKind

_WORD = {"pattern": r"^[!$-:<-\[\]-~]+$"}


class RegistryIn(Request):
    """What a registry is told."""

    username: Annotated[str, Field(max_length=200, json_schema_extra={"pattern": r"^[!$-9;-\[\]-~]+$"})] = Field(
        default=TOKEN_USER, description="Left out: the password is a token."
    )
    password: Annotated[str, Field(max_length=16_384, min_length=1, json_schema_extra=_WORD)] = Field(
        description="It is never shown again."
    )
    kind: RegistryKind = Field(default="any", description="Whether it is for base images, for packages, or for both.")


class RegistryOut(View):
    """A registry without its password."""

    host: str
    username: str
    kind: RegistryKind
    updated_at: datetime
    updated_by: str
