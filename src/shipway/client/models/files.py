"""Config files."""

from typing import TypedDict

from shipway.client.models.deployment import Deployment


class File(TypedDict):
    """A config file as the next release will have it."""

    path: str
    sha256: str
    size: int
    updated_at: str
    updated_by: str


class FileContent(File):
    """With what is in it."""

    content: str


class FileChange(TypedDict):
    """Somebody set a config file, or deleted it."""

    path: str
    change: str
    sha256: str
    actor: str
    at: str


class FilesChanged(TypedDict):
    """How it is by now, and the deployment that lets running instances see it."""

    files: list[File]
    deployment: Deployment | None
