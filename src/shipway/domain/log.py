"""Where a step writes what happens."""

from typing import Protocol


class Log(Protocol):
    """An append-only log of lines; `log("text")` adds one. Never blocks for long, never raises."""

    def __call__(self, line: str, /) -> None:
        """Append `line`; a text with line breaks becomes several lines."""
