"""Where a release has its image from when nothing was built for it (S8.1, S8.4)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImageOrigin:
    """The release whose image another one takes: an earlier one of the same service, or one of another service."""

    release_id: str
    #: Path of that release's service, as it was then.
    service: str
    #: Number of that release in its service.
    number: int

    def __str__(self) -> str:
        return f"v{self.number} of {self.service}"
