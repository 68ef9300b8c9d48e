"""Why a deployment is as it is."""

from typing import TypedDict

from shipway.client.models.deployment import Failure


class Health(TypedDict):
    """How a deployment passed its probe."""

    answered: str
    weak: bool
    hint: str


class Explanation(TypedDict):
    """Why a deployment is as it is."""

    id: str
    number: int
    service: str
    state: str
    summary: str
    step: str
    since: str | None
    failure: Failure | None
    health: Health | None
    serving: int | None
    reference: str
