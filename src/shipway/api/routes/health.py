"""Whether the control plane is up; for load balancers and for `shipway up`."""

from fastapi import APIRouter

from shipway.api.auth import ThePlatform
from shipway.operations.health import check_health

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz(platform: ThePlatform) -> dict[str, str]:
    """200 when the database answers, else 503. Needs no token."""
    await check_health(platform)
    return {"status": "ok"}
