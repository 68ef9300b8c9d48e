"""Errors."""

from pydantic import BaseModel, Field


class Problem(BaseModel):
    """What went wrong, and what to do next (RFC 9457)."""

    type: str = Field(description="`urn:shipway:problem:<code>`")
    title: str = Field(description="The status's own phrase.")
    status: int
    detail: str = Field(description="What went wrong, for people.")
    code: str = Field(description="The same between versions: what a program decides by.")
    hint: str = Field(description="What to do next; may be empty.")
    evidence: list[str] = Field(default=[], description="Lines that prove it, oldest first.")
