"""What a service deploys by itself."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from shipway.api.schemas.fields import GitRef, Request
from shipway.domain.service import Service

AutoDeployState = Literal["on", "off", "held"]
_PATTERN = r"^!?/?[^\x00-\x20#!/\\\x7f-\xa0][^\x00-\x1f\\\x7f-\x9f]*$"
Pattern = Annotated[str, Field(min_length=1, max_length=200, pattern=_PATTERN, examples=["/api/", "*.toml", "!docs/"])]


class AutoDeployIn(Request):
    """Of one service; what is left out stays as it is."""

    state: AutoDeployState | None = Field(
        default=None, description="`held`: nothing is deployed by itself until it is `on` again; `off`: never."
    )
    branch: GitRef | None = Field(
        default=None, description="Whose pushes are deployed; empty: the branch that its deployments take."
    )
    paths: list[Pattern] | None = Field(
        default=None,
        max_length=50,
        description="Patterns as in .gitignore; a push that touches none of them is not deployed. None: each is.",
    )


class AutoDeployOut(BaseModel):
    """As it is now."""

    state: AutoDeployState
    reason: str = Field(description="Why it is held; empty when it is not.")
    branch: str
    paths: list[str]

    @classmethod
    def of(cls, service: Service) -> "AutoDeployOut":
        """From the domain."""
        following = service.following
        state: AutoDeployState = "off" if not following.on else "held" if service.held else "on"
        return cls(state=state, reason=service.held, branch=following.branch, paths=list(following.paths))
