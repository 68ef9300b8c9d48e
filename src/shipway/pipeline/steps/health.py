"""health: no request before every instance of every process type is up."""

from shipway.domain.artifacts import Health, Rollout
from shipway.pipeline.context import Context
from shipway.pipeline.gate import until_up
from shipway.pipeline.in_place import passed_before


async def await_health(ctx: Context, rollout: Rollout) -> Health:
    """Return when all that could start is up. Raises `Unhealthy` as soon as one can't be: its `code` says in which way."""
    if rollout.in_place:
        return await passed_before(ctx)
    return await until_up(ctx, rollout, rollout.first)
