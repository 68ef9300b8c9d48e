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
class PushSource:
    """What is pushed to Shipway itself (`git push shipway main`), into a repository of the service's own."""

    #: Branch of which a push is deployed; empty: the environment's, else `main`.
    branch: str = ""
    subdirectory: str = ""
    #: Whether a push shows its deployment to the end; else it is over as soon as that is queued.
    follow: bool = True
    #: Whether a push fails with its deployment: then the branch stays where it was, and the same commit can be pushed again.
    fail_push: bool = False
    #: Id of the service. Filled in for a deployment, never stored: a copy of the service has a repository of its own.
    repository: str = ""


@dataclass(frozen=True, slots=True)
class ImageSource:
    """An image in any registry that the engine can pull from; nothing is built."""

    reference: str


Source = GitSource | UploadSource | PushSource | ImageSource


@dataclass(frozen=True, slots=True)
class Revision:
    """What one deployment asks of its service's source; each field counts for its own kind of source."""

    #: Git, pushed or not: branch, tag or commit; empty for the source's own.
    ref: str = ""
    #: Upload: SHA-256 (hex) of the archive, as `Uploads.save` returned it.
    upload: str = ""
    #: Image: reference that replaces the source's; empty for the source's own.
    image: str = ""
