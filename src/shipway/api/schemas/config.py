"""Config vars, and what only builds get."""

from typing import Annotated

from pydantic import BaseModel, Field

from shipway.api.schemas.fields import Request
from shipway.operations.config import ServiceConfig

Value = Annotated[str, Field(max_length=65_536, json_schema_extra={"pattern": r"^[^\x00]*$"})]
#: The operations check names, with a hint; this is for readers of the description.
_NAME = r"^(?!(PORT|SHIPWAY|SHIPWAY_.*)$)[A-Za-z_][A-Za-z0-9_]{0,199}$"
Name = Annotated[str, Field(max_length=200, json_schema_extra={"pattern": _NAME})]


class ConfigOut(BaseModel):
    """A service's config as the next release and build will have it."""

    config: dict[str, str]
    buildtime: list[str] = Field(description="Names of the config vars that builds get as arguments.")
    build_secrets: list[str] = Field(description="Names of what builds may mount; the values are never shown.")

    @classmethod
    def of(cls, config: ServiceConfig) -> "ConfigOut":
        """From the operation's answer."""
        return cls(
            config=dict(config.values), buildtime=list(config.buildtime), build_secrets=list(config.build_secrets)
        )


class ConfigChange(Request):
    """Several changes at once: all of them or none."""

    set: dict[Name, Value] = Field(default={}, max_length=1000, json_schema_extra={"additionalProperties": False})
    unset: list[Name] = Field(default=[], max_length=1000)
    buildtime: dict[Name, bool] = Field(
        default={},
        max_length=1000,
        json_schema_extra={"additionalProperties": False},
        description="Whether builds get each of these as an argument; others stay as they are.",
    )
    build_secrets: dict[Name, Value] = Field(
        default={},
        max_length=100,
        json_schema_extra={"additionalProperties": False},
        description="What builds may mount under its name as the id of a secret, and the app is not given.",
    )
