"""How a deployment is going, as the stage table tells it."""

from typing import Literal, TypedDict

from shipway.client.models.deployment import Deployment, StepState


class Stage(TypedDict):
    """One line of the stage table."""

    name: str
    status: StepState


class Status(TypedDict):
    """How a deployment is going."""

    service: str
    workspace: str
    project: str
    environment: str
    name: str
    stages: list[Stage]
    outcome: Literal["active", "error"] | None
    status_label: str
    update_status: str
    mark: str | None
    deployment: Deployment
