"""Webhooks and what they told. Secrets are sealed; of a delivery only what came of it is kept."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from shipway.domain.clock import now
from shipway.domain.ids import new_id
from shipway.domain.push import CodeHost, Push, Told
from shipway.domain.webhook import Delivery, Outcome, Webhook
from shipway.store import tables as t
from shipway.store.database import Tx
from shipway.store.sealing import Sealer

#: Pushes of a branch that are looked at to see which is newest.
LOOK_BACK = 200
#: Deliveries are kept for so long.
KEPT = timedelta(days=90)


async def create(tx: Tx, workspace_id: str, kind: CodeHost, sealer: Sealer, *, secret: str, actor: str) -> Webhook:
    """A new one."""
    made = Webhook(new_id("hok"), workspace_id, kind, now(), actor)
    row = {
        "id": made.id,
        "workspace_id": workspace_id,
        "kind": kind,
        "created_by": actor,
        "created_at": made.created_at,
    }
    await tx.execute(insert(t.webhooks).values(row | {"sealed": sealer.seal(secret, about(made.id))}))
    return made


async def listed(tx: Tx, workspace_id: str) -> list[Webhook]:
    """A workspace's, oldest first."""
    last = func.max(t.deliveries.c.received_at).label("last")
    query = select(t.webhooks, last).join(t.deliveries, isouter=True).group_by(*t.webhooks.c)
    rows = await tx.execute(query.where(t.webhooks.c.workspace_id == workspace_id).order_by(t.webhooks.c.id))
    return [_webhook(row, row.last) for row in rows]


async def opened(tx: Tx, webhook_id: str, sealer: Sealer) -> tuple[Webhook, str] | None:
    """One with its secret."""
    row = (await tx.execute(select(t.webhooks).where(t.webhooks.c.id == webhook_id))).first()
    return (_webhook(row), sealer.open(row.sealed, about(row.id))) if row else None


async def remove(tx: Tx, workspace_id: str, webhook_id: str) -> bool:
    """Forget one of a workspace's with all that it told; whether there was one."""
    mine = (t.webhooks.c.id == webhook_id) & (t.webhooks.c.workspace_id == workspace_id)
    return (await tx.execute(delete(t.webhooks).where(mine))).rowcount > 0


async def record(tx: Tx, webhook_id: str, identity: str, event: str, about: str) -> str | None:
    """A new delivery's id; `None` when it is known already."""
    row = {"id": new_id("dlv"), "webhook_id": webhook_id, "identity": identity, "event": event[:80], "about": about}
    try:
        async with tx.begin_nested():
            await tx.execute(insert(t.deliveries).values(row | {"received_at": now()}))
    except IntegrityError:
        return None
    return row["id"]


async def purge_old(tx: Tx) -> None:
    """Forget what was told longer ago than `KEPT`."""
    await tx.execute(delete(t.deliveries).where(t.deliveries.c.received_at < now() - KEPT))


async def known(tx: Tx, webhook_id: str, identity: str) -> Delivery:
    """The one that is there already; the caller knows that it is."""
    query = select(t.deliveries).where(t.deliveries.c.webhook_id == webhook_id, t.deliveries.c.identity == identity)
    return (await _deliveries(tx, (await tx.execute(query)).all()))[0]


async def get(tx: Tx, delivery_id: str) -> Delivery:
    """By id; the caller knows that it exists."""
    query = select(t.deliveries).where(t.deliveries.c.id == delivery_id)
    return (await _deliveries(tx, (await tx.execute(query)).all()))[0]


async def deliveries(
    tx: Tx, workspace_id: str, *, webhook_id: str = "", before: str = "", limit: int = 50
) -> list[Delivery]:
    """A workspace's, or one webhook's of it, newest first; of those before the one of that id."""
    query = select(t.deliveries).join(t.webhooks).where(t.webhooks.c.workspace_id == workspace_id)
    if webhook_id:
        query = query.where(t.webhooks.c.id == webhook_id)
    if before:
        query = query.where(t.deliveries.c.id < before)
    return await _deliveries(tx, (await tx.execute(query.order_by(t.deliveries.c.id.desc()).limit(limit))).all())


async def decide(
    tx: Tx,
    delivery_id: str,
    outcome: Outcome,
    *,
    service_id: str | None = None,
    push: Push | None = None,
    commit: str = "",
) -> None:
    """Record what a service did about a push, and of which commit the deployment is."""
    row = {
        "delivery_id": delivery_id,
        "service_id": service_id,
        "service": outcome.service,
        "branch": push.name if push else "",
        "before": push.before if push else "",
        "after": push.after if push else "",
        "kind": outcome.kind,
        "why": outcome.why,
        "deployment_id": outcome.deployment_id,
        "commit": commit,
    }
    await tx.execute(insert(t.outcomes).values(row))


async def told(tx: Tx, service_id: str, branch: str) -> list[Told]:
    """The last pushes of a branch that a service was to deploy, newest first."""
    wanted = t.outcomes.c.kind.in_(("deployed", "held", "overtaken"))
    rows = await tx.execute(_of_branch(service_id, branch).where(wanted).limit(LOOK_BACK))
    return [Told(row.number, row.before, row.after) for row in rows]


async def last_deployed(tx: Tx, service_id: str, branch: str) -> tuple[str, str]:
    """Commit and deployment of the newest deployment that came of a push; empty for none."""
    query = _of_branch(service_id, branch).where(t.outcomes.c.kind == "deployed")
    row = (await tx.execute(query.limit(1))).first()
    return (row.commit, row.deployment_id) if row else ("", "")


def _of_branch(service_id: str, branch: str) -> Any:
    of = (t.outcomes.c.service_id == service_id) & (t.outcomes.c.branch == branch)
    return select(t.outcomes).where(of).order_by(t.outcomes.c.number.desc())


async def _deliveries(tx: Tx, rows: Sequence[Row[Any]]) -> list[Delivery]:
    query = select(t.outcomes).where(t.outcomes.c.delivery_id.in_([row.id for row in rows]))
    found: dict[str, list[Outcome]] = {}
    for each in await tx.execute(query.order_by(t.outcomes.c.number)):
        found.setdefault(each.delivery_id, []).append(Outcome(each.service, each.kind, each.why, each.deployment_id))
    return [
        Delivery(row.id, row.webhook_id, row.received_at, row.event, row.about, tuple(found.get(row.id, ())))
        for row in rows
    ]


def _webhook(row: Row[Any], last: Any = None) -> Webhook:
    return Webhook(row.id, row.workspace_id, row.kind, row.created_at, row.created_by, last)


def about(webhook_id: str) -> str:
    """What a secret is sealed for."""
    return f"webhook:{webhook_id}"
