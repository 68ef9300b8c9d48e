"""One-off runs."""

from typing import TypedDict


class Run(TypedDict):
    """One run, and what has become of it."""

    id: str
    service: str
    command: list[str]
    attached: bool
    instance: str
    process: str
    release: int
    state: str
    exit_code: int | None
    reason: str
    actor: str
    trigger: str
    stopped_by: str
    timeout: float
    created_at: str
    started_at: str | None
    finished_at: str | None


class RunEnded(TypedDict):
    """How one ended, as whoever sits before it is told."""

    state: str
    exit_code: int | None
    reason: str
