"""Webhooks of a workspace: make them, look at what they told, forget them. `pushes.py` is told by them."""

import secrets
from dataclasses import dataclass

from shipway.domain.errors import NotFound
from shipway.domain.push import CodeHost
from shipway.domain.webhook import Delivery, Webhook
from shipway.operations import access
from shipway.operations.access import Actor
from shipway.pipeline.platform import Platform
from shipway.store import webhooks
from shipway.store.sealing import sealer


@dataclass(frozen=True, slots=True)
class MadeWebhook:
    """A new one with what the code host is to be given; the secret is shown this once."""

    webhook: Webhook
    url: str
    secret: str


async def create_webhook(platform: Platform, actor: Actor, workspace: str, kind: CodeHost) -> MadeWebhook:
    """A door for pushes of the workspace's repositories at one code host; one serves any number of repositories."""
    secret = secrets.token_urlsafe(32)
    async with platform.database.write() as tx:
        home = await access.workspace(tx, actor, workspace)
        key = await sealer(tx, platform.settings.home)
        made = await webhooks.create(tx, home.id, kind, key, secret=secret, actor=actor.user.name)
    return MadeWebhook(made, url_of(platform, made), secret)


async def list_webhooks(platform: Platform, actor: Actor, workspace: str) -> list[tuple[Webhook, str]]:
    """A workspace's with their URLs, oldest first."""
    async with platform.database.read() as tx:
        known = await webhooks.listed(tx, (await access.workspace(tx, actor, workspace)).id)
    return [(each, url_of(platform, each)) for each in known]


async def remove_webhook(platform: Platform, actor: Actor, workspace: str, webhook_id: str) -> None:
    """Forget one, and what it told: from now on its URL answers 404. Raises `NotFound`."""
    async with platform.database.write() as tx:
        home = await access.workspace(tx, actor, workspace)
        if not await webhooks.remove(tx, home.id, webhook_id):
            raise NotFound(f"{workspace} has no webhook {webhook_id!r}.", hint="`shipway webhooks` lists them.")


async def list_deliveries(
    platform: Platform, actor: Actor, workspace: str, *, webhook_id: str = "", before: str = "", limit: int = 50
) -> list[Delivery]:
    """What a workspace's webhooks, or one of them, told, newest first, each with what came of it; of those before one."""
    async with platform.database.read() as tx:
        home = await access.workspace(tx, actor, workspace)
        return await webhooks.deliveries(tx, home.id, webhook_id=webhook_id, before=before, limit=limit)


def url_of(platform: Platform, webhook: Webhook) -> str:
    """Where the code host is to send deliveries."""
    return f"{platform.settings.url}/hooks/{webhook.id}"
