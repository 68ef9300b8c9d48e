"""Where a service's code or image comes from."""

from typing import Annotated, Literal

from pydantic import Field

from shipway.api.schemas.fields import GitRef, GitUrl, ImageReference, Request, SourcePath
from shipway.domain.source import GitSource, ImageSource, Source, UploadSource


class GitBody(Request):
    """A git repository."""

    kind: Literal["git"]
    url: GitUrl
    ref: GitRef = Field(
        default="", description="What a deployment takes that names nothing; empty: the default branch."
    )
    subdirectory: SourcePath = ""

    def to_domain(self) -> GitSource:
        """As the domain has it."""
        return GitSource(self.url, self.ref, self.subdirectory)


class UploadBody(Request):
    """Directories sent by `shipway deploy`."""

    kind: Literal["upload"]
    subdirectory: SourcePath = ""

    def to_domain(self) -> UploadSource:
        """As the domain has it."""
        return UploadSource(self.subdirectory)


class ImageBody(Request):
    """An image that is run as it is."""

    kind: Literal["image"]
    reference: ImageReference

    def to_domain(self) -> ImageSource:
        """As the domain has it."""
        return ImageSource(self.reference)


SourceBody = Annotated[GitBody | UploadBody | ImageBody, Field(discriminator="kind")]


def source_body(source: Source) -> GitBody | UploadBody | ImageBody:
    """From the domain's value; not checked again."""
    match source:
        case GitSource(url, ref, subdirectory):
            return GitBody.model_construct(kind="git", url=url, ref=ref, subdirectory=subdirectory)
        case UploadSource(subdirectory):
            return UploadBody.model_construct(kind="upload", subdirectory=subdirectory)
        case ImageSource(reference):
            return ImageBody.model_construct(kind="image", reference=reference)
