"""Whether what comes by itself is deployed."""

from typing import Literal

from pydantic import Field

from shipway.api.schemas.fields import Request, View

AutoDeployState = Literal["on", "held"]


class AutoDeployIn(Request):
    """Of one service."""

    state: AutoDeployState = Field(description="`held`: nothing is deployed by itself until it is `on` again.")


class AutoDeployOut(View):
    """As it is now."""

    state: AutoDeployState
    reason: str = Field(description="Why it is held; empty when it is not.")
