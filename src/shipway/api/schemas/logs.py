"""Logs and events."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from shipway.domain.workload import LogLine


class LogLineOut(BaseModel):
    """One line that an instance wrote."""

    at: datetime
    stream: Literal["stdout", "stderr"]
    text: str
    instance: str

    @classmethod
    def of(cls, line: LogLine) -> "LogLineOut":
        """From the domain's value."""
        return cls(at=line.at, stream=line.stream, text=line.text, instance=line.instance)


class StepText(BaseModel):
    """New text in a step's log."""

    step: str
    offset: int
    text: str


class UploadOut(BaseModel):
    """What was uploaded."""

    digest: str
