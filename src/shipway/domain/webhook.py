"""Webhooks: doors by which code hosts tell a workspace of pushes, what they told, and what came of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shipway.domain.push import CodeHost

#: What a service did about a push. `held` and `overtaken` would have been deployed but for that.
OutcomeKind = Literal["deployed", "skipped", "held", "overtaken"]


@dataclass(frozen=True, slots=True)
class Webhook:
    """One door. Its secret is shown once, when it is made."""

    id: str
    workspace_id: str
    kind: CodeHost
    created_at: datetime
    created_by: str
    #: When it was last told something that it could verify.
    last_delivery_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one service did about one push."""

    #: Path of the service; empty: no service has this repository, or the delivery told of no push.
    service: str
    kind: OutcomeKind
    #: A sentence.
    why: str
    deployment_id: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something that a code host told, and what came of it."""

    id: str
    webhook_id: str
    received_at: datetime
    #: As the host names it: `push`, `ping`, …
    event: str
    #: For people: `main → 1f0c3a9 by octocat`, or empty.
    about: str
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class DeployUrl:
    """A URL that deploys one service and can do nothing else. Its token is shown once, when it is made."""

    id: str
    service_id: str
    #: For people: who has it.
    label: str
    created_at: datetime
    created_by: str
    used_at: datetime | None = None
