"""What `clone` returns."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Checkout:
    """An exact revision of the source. The directory is not part of it: `Sources.ensure` puts the tree back anywhere."""

    kind: str
    #: Repository URL or path; empty for an upload.
    location: str
    #: Commit (40 hex digits) or SHA-256 of the uploaded archive.
    revision: str
    #: Branch or tag it was asked for by, empty when by commit.
    ref: str = ""
    #: First line of the commit message.
    subject: str = ""
    subdirectory: str = ""

    @property
    def short(self) -> str:
        """The revision as people read it."""
        return self.revision[:12]

    @property
    def summary(self) -> str:
        """In one line, for the table of steps."""
        return " · ".join(filter(None, (self.ref, self.short, self.subject)))
