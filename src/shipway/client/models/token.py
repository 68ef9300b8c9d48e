"""Tokens, and who bears them."""

from typing import TypedDict


class WhoAmI(TypedDict):
    """The bearer of a token."""

    name: str
    admin: bool
    workspaces: list[str]


class Token(TypedDict):
    """An API token without its text."""

    id: str
    label: str
    created_at: str
    expires_at: str | None


class NewToken(TypedDict):
    """An API token as it is shown once."""

    token: str
