"""Kinds of text that several resources take, each with the rule it is refused by."""

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_SLUG = r"^[a-z](-?[a-z0-9]){0,39}$"
_GIT_URL = r"^[A-Za-z0-9/.~][!-~]*$"
_GIT_REF = r"^([A-Za-z0-9_.@/][!-~]*)?$"
_IMAGE = r"^[a-zA-Z0-9][a-zA-Z0-9._:/@-]*$"
_SOURCE_PATH = r"^(?!/)(?!([^\x00-\x1f]*/)?\.\.(/|$))[^\x00-\x1f]*$"
_NAME = r"^([A-Za-z0-9][A-Za-z0-9_.-]*)?$"
_HTTP_PATH = r"^(/[!-~]*)?$"

#: The largest number that every database here can hold in an integer column.
MOST = 2**31 - 1


class Request(BaseModel):
    """A request's body: a field that nobody knows is a mistake, and said so."""

    model_config = ConfigDict(extra="forbid")


class View(BaseModel):
    """Part of an answer that is read off one of the domain's values, field by field."""

    model_config = ConfigDict(from_attributes=True)


def _rule(pattern: str, rule: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(rule)
        return value

    return check


def _schema(pattern: str, example: str) -> Any:
    return {"pattern": pattern, "examples": [example]}


#: The domain checks names itself, with a hint; the pattern is for readers of the description.
Slug = Annotated[str, Field(max_length=200, json_schema_extra={"pattern": _SLUG, "maxLength": 40})]
#: The path of a service; the domain checks it itself, too.
PathText = Annotated[
    str,
    Field(max_length=170, json_schema_extra=_schema(f"^{_SLUG[1:-1]}(/{_SLUG[1:-1]}){{3}}$", "acme/shop/staging/api")),
]
GitUrl = Annotated[
    str,
    AfterValidator(_rule(_GIT_URL, "is not a repository's URL: give https, ssh or a path, without spaces")),
    Field(max_length=2000, json_schema_extra=_schema(_GIT_URL, "https://github.com/acme/shop")),
]
GitRef = Annotated[
    str,
    AfterValidator(_rule(_GIT_REF, "is not a branch, tag or commit")),
    Field(max_length=250, json_schema_extra=_schema(_GIT_REF, "main")),
]
ImageReference = Annotated[
    str,
    AfterValidator(_rule(_IMAGE, "is not an image's reference, such as ghcr.io/acme/shop:1.4")),
    Field(max_length=500, json_schema_extra=_schema(_IMAGE, "ghcr.io/acme/shop:1.4")),
]
HttpPath = Annotated[
    str,
    AfterValidator(_rule(_HTTP_PATH, "must begin with / and hold no spaces")),
    Field(max_length=1000, json_schema_extra=_schema(_HTTP_PATH, "/healthz")),
]
SourcePath = Annotated[
    str,
    AfterValidator(_rule(_SOURCE_PATH, "must be a relative path inside the source")),
    Field(max_length=500, json_schema_extra=_schema(_SOURCE_PATH, "apps/api")),
]
Name = Annotated[
    str,
    AfterValidator(_rule(_NAME, "is no name: letters, digits, . _ and - only, a letter or digit first")),
    Field(max_length=100, json_schema_extra=_schema(_NAME, "production")),
]
