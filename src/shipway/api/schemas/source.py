"""Where a service's code or image comes from."""

from typing import Annotated, Literal

from pydantic import Field

from shipway.api.schemas.fields import GitRef, GitUrl, ImageReference, Request, SourcePath
from shipway.domain.source import GitSource, ImageSource, PushSource, Source, UploadSource


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


class PushBody(Request):
    """What is pushed to Shipway itself: `git push shipway main`."""

    kind: Literal["push"]
    branch: GitRef = Field(
        default="", description="Branch of which a push is deployed; empty: the environment's, else main."
    )
    subdirectory: SourcePath = ""
    follow: bool = Field(default=True, description="Whether a push shows its deployment to the end.")
    fail_push: bool = Field(
        default=False, description="Whether a push fails with its deployment; its branch then stays where it was."
    )

    def to_domain(self) -> PushSource:
        """As the domain has it."""
        return PushSource(self.branch, self.subdirectory, self.follow, self.fail_push)


class ImageBody(Request):
    """An image that is run as it is."""

    kind: Literal["image"]
    reference: ImageReference

    def to_domain(self) -> ImageSource:
        """As the domain has it."""
        return ImageSource(self.reference)


SourceBody = Annotated[GitBody | UploadBody | PushBody | ImageBody, Field(discriminator="kind")]


def source_body(source: Source) -> GitBody | UploadBody | PushBody | ImageBody:
    """From the domain's value; not checked again."""
    match source:
        case GitSource(url, ref, subdirectory):
            return GitBody.model_construct(kind="git", url=url, ref=ref, subdirectory=subdirectory)
        case UploadSource(subdirectory):
            return UploadBody.model_construct(kind="upload", subdirectory=subdirectory)
        case PushSource(branch, subdirectory, follow, fail_push):
            return PushBody.model_construct(
                kind="push", branch=branch, subdirectory=subdirectory, follow=follow, fail_push=fail_push
            )
        case ImageSource(reference):
            return ImageBody.model_construct(kind="image", reference=reference)
