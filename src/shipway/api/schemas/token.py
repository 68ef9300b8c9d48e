"""API tokens, and who one is."""

from datetime import datetime

from pydantic import BaseModel, Field

from shipway.api.schemas.fields import Request, View


class TokenIn(Request):
    """A new token."""

    label: str = Field(min_length=1, max_length=80, json_schema_extra={"pattern": r"\S"})
    days: int | None = Field(default=None, ge=1, le=3650, description="Until it expires; null: never.")


class NewToken(BaseModel):
    """A token as it is shown once."""

    token: str


class TokenOut(View):
    """A token without its text."""

    id: str
    label: str
    created_at: datetime
    expires_at: datetime | None


class WhoAmI(BaseModel):
    """The one who asks."""

    name: str
    admin: bool
    workspaces: list[str]


class RegistryToken(BaseModel):
    """What a registry's client is given, by the distribution specification."""

    token: str
    access_token: str
    expires_in: int
    issued_at: str
