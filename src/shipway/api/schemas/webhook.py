"""Webhooks and what they told."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from shipway.api.schemas.fields import Request, View
from shipway.domain.push import CodeHost
from shipway.domain.webhook import Delivery, OutcomeKind, Webhook
from shipway.operations.webhooks import MadeWebhook

WebhookId = Annotated[str, Field(max_length=40)]


class WebhookIn(Request):
    """A new one."""

    kind: CodeHost = Field(description="Whose webhook it is; Forgejo's are `gitea`.")


class WebhookOut(BaseModel):
    """A webhook without its secret."""

    id: str
    kind: CodeHost
    url: str = Field(description="Where the code host sends deliveries.")
    created_at: datetime
    created_by: str
    last_delivery_at: datetime | None = Field(description="When it last told something that it could verify.")

    @classmethod
    def of(cls, webhook: Webhook, url: str) -> "WebhookOut":
        """From the domain."""
        return cls.model_validate(
            {name: getattr(webhook, name) for name in cls.model_fields if name != "url"} | {"url": url}
        )


class NewWebhook(BaseModel):
    """A webhook as it is shown once."""

    webhook: WebhookOut
    secret: str

    @classmethod
    def of(cls, made: MadeWebhook) -> "NewWebhook":
        """From the domain."""
        return cls(webhook=WebhookOut.of(made.webhook, made.url), secret=made.secret)


class OutcomeOut(View):
    """What one service did about a push."""

    service: str = Field(description="Its path; empty: none has the repository, or no push was told of.")
    kind: OutcomeKind
    why: str
    deployment_id: str = Field(description="Empty where none came of it.")


class DeliveryOut(View):
    """Something that a code host told, with what came of it."""

    id: str
    webhook_id: str
    received_at: datetime
    event: str
    about: str
    outcomes: list[OutcomeOut]


class ReceivedOut(BaseModel):
    """The answer to a code host."""

    delivery: DeliveryOut
    again: bool = Field(description="It was told before, and nothing came of it this time.")

    @classmethod
    def of(cls, delivery: Delivery, *, again: bool) -> "ReceivedOut":
        """From the domain."""
        return cls(delivery=DeliveryOut.model_validate(delivery), again=again)
