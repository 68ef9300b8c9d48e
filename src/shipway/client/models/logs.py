"""What is written, and what is sent."""

from typing import TypedDict


class LogLine(TypedDict):
    """One line that an instance wrote."""

    at: str
    stream: str
    text: str
    instance: str


class StepText(TypedDict):
    """New text in a step's log."""

    step: str
    offset: int
    text: str


class Upload(TypedDict):
    """What was uploaded."""

    digest: str
