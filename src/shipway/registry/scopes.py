"""What a client of the registry asks to do, and which of it is granted. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypedDict

ACTIONS = ("pull", "push", "delete")

#: Answers `(repository, action)`.
Allowed = Callable[[str, str], bool]


class Access(TypedDict):
    """One entry of a registry token's `access` claim."""

    type: str
    name: str
    actions: list[str]


@dataclass(frozen=True, slots=True)
class Scope:
    """`repository:acme/shop:pull,push`: a kind of resource, its name, and what is to be done with it."""

    kind: str
    name: str
    actions: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "Scope | None":
        """Read one scope; `None` for what isn't one. The name may hold colons (`host:5000/name`)."""
        kind, _, rest = text.partition(":")
        name, colon, actions = rest.rpartition(":")
        return cls(kind, name, tuple(actions.split(","))) if kind and name and colon else None


def grant(scopes: Iterable[str], allowed: Allowed) -> list[Access]:
    """The part of what is asked for that is allowed.

    Asking for more than is allowed is no error, by the protocol: the registry refuses what the token doesn't cover.
    Each text may hold several scopes with spaces between. Only repositories are ever granted: the catalog would show
    one workspace the names of another's images.
    """
    granted: dict[str, list[str]] = {}
    for scope in (Scope.parse(text) for line in scopes for text in line.split()):
        if scope is None or scope.kind != "repository":
            continue
        actions = granted.setdefault(scope.name, [])
        actions += [
            action
            for action in ACTIONS
            if action in scope.actions and action not in actions and allowed(scope.name, action)
        ]
    return [{"type": "repository", "name": name, "actions": actions} for name, actions in granted.items() if actions]
