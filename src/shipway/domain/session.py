"""What goes between a command and whoever sits before it."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Window:
    """The size of a terminal, in characters."""

    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class Output:
    """Some bytes that a command wrote. With a terminal all of it is `stdout`."""

    stream: Literal["stdout", "stderr"]
    data: bytes
