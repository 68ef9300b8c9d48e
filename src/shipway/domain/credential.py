"""A user name and a secret that travel together, and never into a log."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credential:
    """What a registry or a repository is told; short-lived wherever we make it."""

    username: str
    password: str = field(repr=False)
