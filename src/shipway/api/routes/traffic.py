"""Maintenance and pause."""

from fastapi import APIRouter

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.routes.paths import SERVICE, ThePath
from shipway.api.schemas.traffic import Traffic
from shipway.operations import traffic

router = APIRouter(prefix=SERVICE, tags=["services"])


@router.put("/traffic")
async def set_traffic(platform: ThePlatform, actor: TheActor, path: ThePath, body: Traffic) -> Traffic:
    """Let requests reach the service's instances or keep them away, at once and until it is set again."""
    await traffic.set_traffic(platform, actor, path, body.mode)
    return body
