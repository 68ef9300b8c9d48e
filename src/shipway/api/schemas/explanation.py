"""Why a deployment is as it is."""

from datetime import datetime

from pydantic import BaseModel, Field

from shipway.api.schemas.deployment import FailureOut
from shipway.api.schemas.fields import View
from shipway.domain.deployment import DeploymentState
from shipway.operations.explanation import REFERENCE, Explanation


class HealthOut(View):
    """How it passed its probe."""

    answered: str = Field(description="Which check, and what it was answered: `GET /_health/ → 200`.")
    weak: bool = Field(description="Only a fallback vouches for it.")
    hint: str


class ExplanationOut(BaseModel):
    """A deployment in words, with what they rest on."""

    id: str
    number: int
    service: str = Field(description="Its path.")
    state: DeploymentState
    summary: str = Field(description="In one or two sentences.")
    step: str = Field(description="The step it is in, or failed in; empty when there is none such.")
    since: datetime | None = Field(description="When what the summary tells began.")
    failure: FailureOut | None
    health: HealthOut | None = Field(description="Null until something answered.")
    serving: int | None = Field(description="Number of the service's deployment that has the traffic now.")
    reference: str = Field(description="Where Shipway's documentation tells the failure's class.")

    @classmethod
    def of(cls, known: Explanation) -> "ExplanationOut":
        """From the operation's value."""
        deployment = known.view.deployment
        return cls(
            id=deployment.id,
            number=deployment.number,
            service=str(known.view.path),
            state=deployment.state,
            summary=known.summary,
            step=known.step,
            since=known.since,
            failure=FailureOut.model_validate(deployment.failure) if deployment.failure else None,
            health=HealthOut.model_validate(known.health) if known.health else None,
            serving=known.serving,
            reference=REFERENCE if deployment.failure else "",
        )
