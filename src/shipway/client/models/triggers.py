"""Webhooks, what they told, and deploy URLs."""

from typing import TypedDict


class Webhook(TypedDict):
    """A webhook without its secret."""

    id: str
    kind: str
    url: str
    created_at: str
    created_by: str
    last_delivery_at: str | None


class NewWebhook(TypedDict):
    """A webhook as it is shown once."""

    webhook: Webhook
    secret: str


class Outcome(TypedDict):
    """What one service did about a push."""

    service: str
    kind: str
    why: str
    deployment_id: str


class Delivery(TypedDict):
    """Something that a code host told, with what came of it."""

    id: str
    webhook_id: str
    received_at: str
    event: str
    about: str
    outcomes: list[Outcome]


class DeployUrl(TypedDict):
    """A deploy URL without its token."""

    id: str
    label: str
    created_at: str
    created_by: str
    used_at: str | None


class NewDeployUrl(TypedDict):
    """A deploy URL as it is shown once."""

    id: str
    url: str
