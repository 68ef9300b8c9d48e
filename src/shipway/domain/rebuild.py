"""Going back to a release whose image was pruned: it is built again, and compared with what it was (S8.2, decision 23)."""

from dataclasses import dataclass
from typing import Literal

from shipway.domain.artifacts.checkout import Checkout

#: Whether the image is the very one that the release had.
Outcome = Literal["reproduced", "differs"]


@dataclass(frozen=True, slots=True)
class Rebuild:
    """The image of an earlier release, to be built again from what it was built from."""

    #: The release, and its number in the service.
    release_id: str
    number: int
    #: The very revision, whatever the source is set to by now.
    checkout: Checkout
    #: Names of the build-time vars that are otherwise today; it is built with those that it had.
    otherwise: tuple[str, ...] = ()
    #: `None` until it is built and pushed.
    outcome: Outcome | None = None

    @property
    def source(self) -> str:
        """What it is built from, in words."""
        return f"{'upload' if self.checkout.kind == 'upload' else 'commit'} {self.checkout.short}"
