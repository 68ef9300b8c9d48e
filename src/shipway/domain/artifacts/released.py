"""What `release` returns."""

from dataclasses import dataclass

from shipway.domain.plan import Plan


@dataclass(frozen=True, slots=True)
class Released:
    """A release that exists: its content, which may hold secrets, stays in the store."""

    id: str
    #: `v{number}`
    number: int
    #: How it comes to serve; `None` in what was recorded before there were plans.
    plan: Plan | None = None

    @property
    def summary(self) -> str:
        """In one line, for the table of steps."""
        return f"v{self.number}"
