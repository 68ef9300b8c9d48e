"""How something is different from what it was, in a word."""

from typing import Literal

ChangeWord = Literal["added", "changed", "removed"]


def change_word(before: object, after: object) -> ChangeWord:
    """`None` is nothing: there was none, or there is none any more."""
    if before is None:
        return "added"
    return "removed" if after is None else "changed"
