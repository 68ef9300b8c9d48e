"""One-off runs."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from shipway.api.schemas.fields import MOST, Request
from shipway.domain.one_off import LONGEST, TIMEOUT
from shipway.operations.runs import RunView

Command = Annotated[
    list[Annotated[str, Field(max_length=32_768)]],
    Field(
        min_length=1,
        max_length=1000,
        description="Its words, given to the program as they are: no shell reads them. Shown to whoever sees the service.",
        examples=[["python", "manage.py", "migrate"]],
    ),
]
Timeout = Annotated[float, Field(ge=1, le=LONGEST, description="Seconds after which it is ended.")]


class RunIn(Request):
    """A command in a container of its own."""

    command: Command
    detached: bool = Field(False, description="It begins at once and goes on by itself; else when its client attaches.")
    process: str = Field("", max_length=40, description="Process type whose limits it has; empty: web, or the first.")
    release: int | None = Field(None, ge=1, le=MOST, description="Number of the release; null: the live one.")
    timeout: Timeout = TIMEOUT


class CommandIn(Request):
    """A command beside the app of a running instance."""

    command: Command | None = Field(None, description="Null: the best shell there, bash or sh.")
    instance: str = Field("", max_length=255, description="web.2, or its whole name; empty: the first that runs.")
    timeout: Timeout = TIMEOUT


class RunOut(BaseModel):
    """One run, and what has become of it."""

    id: str
    service: str
    command: list[str]
    attached: bool = Field(description="It ends with the connection of its client.")
    instance: str = Field(description="The instance that it runs inside; empty: a container of its own.")
    process: str
    release: int
    state: Literal["starting", "running", "exited", "stopped", "failed"]
    exit_code: int | None = Field(description="Null until it has exited, and where nobody knows it.")
    reason: str = Field(description="Why it was stopped, or failed.")
    actor: str
    trigger: str
    stopped_by: str
    timeout: float
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, view: RunView) -> "RunOut":
        """From the operation's answer."""
        run = view.run
        return cls(
            id=run.id,
            service=str(view.path),
            command=list(run.command),
            attached=run.attached,
            instance=run.instance,
            process=run.process,
            release=run.release,
            state=run.state,
            exit_code=run.exit_code,
            reason=run.reason,
            actor=run.actor,
            trigger=run.trigger,
            stopped_by=run.stopped_by,
            timeout=run.timeout,
            created_at=run.created_at,
            started_at=run.started_at,
            finished_at=run.finished_at,
        )


class RunText(BaseModel):
    """New text in the log of a detached run."""

    offset: int
    text: str
