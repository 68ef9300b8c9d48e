"""Retention: which images of a service stay in the registry, and why each does or goes (S4.3). Pure.

Releases stay for ever, images do not. Whatever the retention says, no image goes that something runs on, goes back to, is
about to start, or was pinned; nor one that is not the service's own to remove.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

#: What makes an image stay however old it is, the most telling first.
Use = Literal["live", "previous", "pinned", "in-flight", "used-elsewhere"]
USES: tuple[Use, ...] = ("live", "previous", "pinned", "in-flight", "used-elsewhere")
#: Built for this service; built for another one and promoted; named by a user.
Origin = Literal["own", "elsewhere", "foreign"]
Reason = Literal[
    "live",
    "previous",
    "pinned",
    "in-flight",
    "used-elsewhere",
    "built-elsewhere",
    "foreign",
    "newest",
    "young",
    "surplus",
    "interrupted",
    "gone",
]
Fate = Literal["stays", "goes", "gone"]

_FATES: dict[Reason, Fate] = {"surplus": "goes", "interrupted": "goes", "gone": "gone"}
_WHY: dict[Reason, str] = {
    "live": "a release with it is live",
    "previous": "it was live before, and a rollback goes back to it",
    "pinned": "a release with it is pinned",
    "in-flight": "a deployment or a one-off run under way uses it, or instances of it still stand",
    "used-elsewhere": "another service of the workspace uses it",
    "built-elsewhere": "it was built for another service, which keeps or prunes it",
    "foreign": "it was not built here",
    "newest": "it is within the number of images to keep",
    "young": "it is younger than what may be pruned",
    "surplus": "newer images fill the number to keep",
    "interrupted": "pruning it was begun and did not get to its end",
    "gone": "it was pruned",
}


@dataclass(frozen=True, slots=True)
class Retention:
    """How many images of a service stay besides those that are in use."""

    #: The newest ones; 0: all.
    keep: int = 0
    #: And all that are younger than so many days.
    days: int = 0
    #: Its service is being deleted: none stays for its number or its age.
    ended: bool = False

    @property
    def limited(self) -> bool:
        """Whether anything ever goes by it."""
        return self.keep > 0 or self.ended


@dataclass(frozen=True, slots=True)
class Mark:
    """What may change about a release."""

    #: Its image stays whatever the retention says.
    pinned: bool = False
    #: Since when its image is not to be had any more.
    pruned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KnownImage:
    """An image of a service's releases or builds, with all that its fate depends on."""

    #: `registry/workspace/name@sha256:…`
    reference: str
    digest: str
    #: Tag of its last build, or the reference as the user wrote it.
    label: str
    origin: Origin
    #: The service's releases that have it, newest first; none: the deployment it was built for never made one.
    releases: tuple[int, ...] = ()
    #: Numbers of the builds that made it, newest first: their tags name it. None for one that is not the service's own.
    builds: tuple[int, ...] = ()
    #: Of its last build, or its first release.
    created_at: datetime | None = None
    #: Bytes in the registry; 0: not known.
    size: int = 0
    uses: frozenset[Use] = frozenset()
    #: Nothing starts it any more; whether it was also removed says `removed`.
    given_up: bool = False
    removed: bool = False

    @property
    def prunable(self) -> bool:
        """Whether it is the service's own, and there."""
        return self.origin == "own" and not self.removed and not self.given_up


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of an image, and why."""

    image: KnownImage
    reason: Reason

    @property
    def fate(self) -> Fate:
        """Whether it stays, goes, or went before."""
        return _FATES.get(self.reason, "stays")

    @property
    def why(self) -> str:
        """In words."""
        return _WHY[self.reason]


def decide(images: Sequence[KnownImage], retention: Retention, at: datetime) -> tuple[Verdict, ...]:
    """The fate of each, in the order given, by the clock `at`."""
    newest = _newest(images, retention)
    return tuple(Verdict(each, _reason(each, newest, retention, at)) for each in images)


def _newest(images: Sequence[KnownImage], retention: Retention) -> Collection[str]:
    own = sorted((each for each in images if each.prunable), key=lambda each: each.builds, reverse=True)
    return {each.reference for each in (own[: retention.keep] if retention.limited else own)}


def _reason(image: KnownImage, newest: Collection[str], retention: Retention, at: datetime) -> Reason:
    if image.removed:
        return "gone"
    for use in USES:
        if use in image.uses:
            return use
    if image.origin != "own":
        return "foreign" if image.origin == "foreign" else "built-elsewhere"
    if image.given_up:
        return "interrupted"
    if image.reference in newest:
        return "newest"
    young = image.created_at is not None and at - image.created_at < timedelta(days=retention.days)
    return "young" if young else "surplus"
