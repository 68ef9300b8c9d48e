"""Which images of a service the registry is to have, kept by whoever tests that: a mirror of what was built and pruned."""

from collections.abc import Collection
from dataclasses import dataclass, field


@dataclass
class Images:
    """What the builds of one service made. All are named by digest, with their repository."""

    #: By number of the build.
    built: dict[int, str] = field(default_factory=dict)
    #: What the base images held then: with the same in them, the same commit makes the same image.
    bases: dict[str, str] = field(default_factory=dict)
    #: Of these nothing may be started.
    gone: set[str] = field(default_factory=set)
    #: Of those that are gone, the ones that a crash may have left in the registry.
    left: set[str] = field(default_factory=set)

    def is_there(self, number: int, image: str, bases: str) -> None:
        """It was pushed, for the first time or once more."""
        self.built[number] = image
        self.bases[image] = bases
        self.gone.discard(image)
        self.left.discard(image)

    def going(self, keep: int, needed: Collection[str]) -> set[str]:
        """What a prune removes that is to keep so many, and what is needed."""
        newest_first = dict.fromkeys(image for _, image in sorted(self.built.items(), reverse=True))
        there = [image for image in newest_first if image not in self.gone]
        return ({*there[keep:]} | self.left) - {*needed}

    def went(self, going: Collection[str]) -> None:
        """It removed them."""
        self.gone |= {*going}
        self.left -= {*going}

    def were_left(self, going: Collection[str]) -> None:
        """It was to remove them, and died."""
        self.gone |= {*going}
        self.left |= {*going}
