"""Config vars."""

from typing import Annotated

from pydantic import BaseModel, Field

from shipway.api.schemas.fields import Request

Value = Annotated[str, Field(max_length=65_536, json_schema_extra={"pattern": r"^[^\x00]*$"})]
#: The operations check names, with a hint; this is for readers of the description.
_NAME = r"^(?!(PORT|SHIPWAY|SHIPWAY_.*)$)[A-Za-z_][A-Za-z0-9_]{0,199}$"
Name = Annotated[str, Field(max_length=200, json_schema_extra={"pattern": _NAME})]


class ConfigOut(BaseModel):
    """Config vars as the next release will have them."""

    config: dict[str, str]


class ConfigChange(Request):
    """Several changes at once: all of them or none."""

    set: dict[Name, Value] = Field(default={}, max_length=1000, json_schema_extra={"additionalProperties": False})
    unset: list[Name] = Field(default=[], max_length=1000)
