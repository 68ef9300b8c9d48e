"""Config files: text that instances find under `/etc/config`. Not for secrets."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from shipway.api.schemas.deployment import DeploymentSummary
from shipway.api.schemas.fields import Request, View
from shipway.domain.config_file import MOST_BYTES, MOST_FILES
from shipway.operations.config_files import FileView

#: The operations check paths, with the reason; this is for readers of the description.
_PART = r"(?!\.\.)(?!\.(/|$))[A-Za-z0-9_.@+-]+"
PATH_PATTERN = rf"^{_PART}(/{_PART})*$"
FilePath = Annotated[
    str,
    Field(
        max_length=220,
        examples=["nginx/conf.d/a.conf"],
        json_schema_extra={"pattern": PATH_PATTERN, "maxLength": 200, "minLength": 1},
    ),
]
Text = Annotated[str, Field(max_length=MOST_BYTES, json_schema_extra={"pattern": r"^[^\x00]*$"})]


class FileOut(BaseModel):
    """A config file as the next release will have it."""

    path: str = Field(description="Below /etc/config.")
    sha256: str
    size: int = Field(description="Bytes.")
    updated_at: datetime
    updated_by: str

    @classmethod
    def of(cls, view: FileView) -> "FileOut":
        """From the operation's answer."""
        stored = view.stored
        return cls(
            path=stored.path,
            sha256=stored.sha256,
            size=view.size,
            updated_at=stored.updated_at,
            updated_by=stored.updated_by,
        )


class FileContentOut(FileOut):
    """With what is in it."""

    content: str


class FileChangeOut(View):
    """Somebody set a config file, or deleted it."""

    path: str
    change: Literal["set", "unset"]
    sha256: str = Field(description="Of what it was set to; empty when it was deleted.")
    actor: str
    at: datetime


class FilesChange(Request):
    """Several changes at once: all of them or none, and instances see them in one instant."""

    set: dict[FilePath, Text] = Field(
        default={},
        max_length=MOST_FILES,
        json_schema_extra={"additionalProperties": False},
        description="What is to be in files, by path below /etc/config: UTF-8 text, at most 1 MiB each and 8 MiB in all. "
        "Not for secrets: whoever may see the service may read them.",
    )
    delete: list[FilePath] = Field(default=[], max_length=MOST_FILES)
    deploy: bool = Field(
        default=True,
        description="Let running instances see them at once, without a restart; false: the next release has them.",
    )


class FilesChanged(BaseModel):
    """How it is by now."""

    files: list[FileOut]
    deployment: DeploymentSummary | None = Field(
        description="What lets running instances see it; null when nothing is live, nothing changed, or none was asked for."
    )
