"""Where a service's code or image comes from (S1.6), and the exact revision one deployment takes of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GitSource:
    """A git repository: any URL that git understands, or a path on this machine."""

    #: Without credentials in it: those are given by configuration, never by URL.
    url: str
    #: Branch, tag or commit that a deployment takes when it names none; empty for the repository's default branch.
    ref: str = ""
    #: Directory inside the repository that holds the service; empty for the root.
    subdirectory: str = ""


@dataclass(frozen=True, slots=True)
class UploadSource:
    """Working directories sent by `shipway deploy`."""

    subdirectory: str = ""


@dataclass(frozen=True, slots=True)
class ImageSource:
    """An image in any registry that the engine can pull from; nothing is built."""

    reference: str


Source = GitSource | UploadSource | ImageSource


@dataclass(frozen=True, slots=True)
class Revision:
    """What one deployment asks of its service's source; each field counts for its own kind of source."""

    #: Git: branch, tag or commit; empty for the source's own.
    ref: str = ""
    #: Upload: SHA-256 (hex) of the archive, as `Uploads.save` returned it.
    upload: str = ""
    #: Image: reference that replaces the source's; empty for the source's own.
    image: str = ""
