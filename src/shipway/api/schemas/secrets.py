"""Secrets of environments, and which of them services are given. No answer holds a value."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from shipway.api.schemas.config import Name
from shipway.api.schemas.fields import Request, View
from shipway.operations.secrets import MOST
from shipway.store.secret_bindings import Bindings

_REFERENCE = r"^[A-Za-z_][A-Za-z0-9_]{0,199}(@(latest|[1-9][0-9]{0,8}))?$"
_FILE = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$"
#: The domain checks them itself, with a hint; the patterns are for readers of the description.
Reference = Annotated[str, Field(max_length=240, json_schema_extra={"pattern": _REFERENCE}, examples=["DB_PASSWORD@3"])]
FileName = Annotated[str, Field(max_length=200, json_schema_extra={"pattern": _FILE})]


class SecretIn(Request):
    """A new version of a secret."""

    value: Annotated[str, Field(min_length=1, max_length=MOST, json_schema_extra={"pattern": r"^[^\x00]*$"})] = Field(
        description="At most 65536 bytes of UTF-8. It is never shown again."
    )


class SecretVersionOut(View):
    """One value that a secret had or has, without the value."""

    version: int
    created_by: str
    created_at: datetime
    revoked_at: datetime | None = Field(description="Null while it can be used.")
    revoked_by: str


class SecretUseOut(View):
    """Where a service finds a secret, or will with its next release."""

    path: str = Field(description="Of the service; of the environment, for a variable of all its services.")
    release: int | None = Field(description="The release that is live with it; null: so far it is only set.")
    kind: Literal["variable", "file"]
    name: str
    reference: str = Field(description="`NAME`, `NAME@3` or `NAME@latest`.")


class SecretOut(View):
    """A secret without its values."""

    name: str
    versions: list[SecretVersionOut] = Field(description="Newest first.")
    used_by: list[SecretUseOut]


class BindingsOut(BaseModel):
    """Which secrets next releases are given: by name of the variable or the file, the reference."""

    variables: dict[str, str]
    files: dict[str, str] = Field(description="Under `/run/secrets`; an environment has none.")

    @classmethod
    def of(cls, bindings: Bindings) -> "BindingsOut":
        """From the operation's answer."""
        return cls(variables=dict(bindings.variables), files=dict(bindings.files))


class EnvironmentBindingsChange(Request):
    """Several changes at once: all of them or none. Null: no longer."""

    variables: dict[Name, Reference | None] = Field(
        default={}, max_length=1000, json_schema_extra={"additionalProperties": False}
    )


class BindingsChange(EnvironmentBindingsChange):
    """Several changes at once: all of them or none. Null: no longer."""

    files: dict[FileName, Reference | None] = Field(
        default={}, max_length=100, json_schema_extra={"additionalProperties": False}
    )


class KeyRotated(BaseModel):
    """All that is sealed was sealed anew."""

    sealed: int = Field(description="How many values.")
