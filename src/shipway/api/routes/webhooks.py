"""Webhooks: a workspace's, and where code hosts send what they tell."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.routes.paths import WorkspaceName
from shipway.api.schemas.webhook import DeliveryOut, NewWebhook, ReceivedOut, WebhookIn, WebhookOut
from shipway.operations import pushes, webhooks
from shipway.sources.hosts import Delivered

router = APIRouter(tags=["webhooks"])

#: Below which deliveries arrive.
HOOKS = "/hooks/"
#: Bytes of a delivery: GitHub sends at most 25 MB.
MOST_DELIVERED = 26 * 1024 * 1024

_WORKSPACE = "/workspaces/{workspace}"
WebhookId = Annotated[str, Path(max_length=40)]
_BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}}


@router.post(HOOKS + "{webhook}", status_code=202, openapi_extra=_BODY)
async def receive_delivery(platform: ThePlatform, webhook: WebhookId, request: Request) -> ReceivedOut:
    """For code hosts: what happened there, signed as that host signs. What comes of it is recorded before the answer."""
    door = await pushes.find_door(platform, webhook)
    told = await pushes.receive(platform, door, Delivered(dict(request.headers), await request.body()))
    return ReceivedOut.of(told.delivery, again=told.again)


@router.get(_WORKSPACE + "/webhooks")
async def list_webhooks(platform: ThePlatform, actor: TheActor, workspace: WorkspaceName) -> list[WebhookOut]:
    """Oldest first, without their secrets."""
    return [WebhookOut.of(*known) for known in await webhooks.list_webhooks(platform, actor, workspace)]


@router.post(_WORKSPACE + "/webhooks", status_code=201)
async def create_webhook(
    platform: ThePlatform, actor: TheActor, workspace: WorkspaceName, body: WebhookIn
) -> NewWebhook:
    """A new one, for any number of repositories; its secret is shown this once."""
    return NewWebhook.of(await webhooks.create_webhook(platform, actor, workspace, body.kind))


@router.delete(_WORKSPACE + "/webhooks/{webhook}", status_code=204)
async def remove_webhook(platform: ThePlatform, actor: TheActor, workspace: WorkspaceName, webhook: WebhookId) -> None:
    """Forget one, with what it told."""
    await webhooks.remove_webhook(platform, actor, workspace, webhook)


@router.get(_WORKSPACE + "/deliveries")
async def list_deliveries(
    platform: ThePlatform,
    actor: TheActor,
    workspace: WorkspaceName,
    *,
    webhook: Annotated[str, Query(max_length=40, description="Only this one's.")] = "",
    before: Annotated[str, Query(max_length=40, description="Only those before the delivery of this id.")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> list[DeliveryOut]:
    """What webhooks told, newest first, and for each push what every service that has the repository did about it."""
    known = await webhooks.list_deliveries(platform, actor, workspace, webhook_id=webhook, before=before, limit=limit)
    return [DeliveryOut.model_validate(each) for each in known]
