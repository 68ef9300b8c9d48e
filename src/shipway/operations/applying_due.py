"""What an apply deploys, and whether that takes the source as it is by now, or only today's config to what is live."""

from collections.abc import Sequence

from shipway.domain.deployment import Deployment
from shipway.domain.names import EnvironmentPath
from shipway.domain.service import Service
from shipway.operations.applying_writes import Due, Step
from shipway.store import deployments, services
from shipway.store.database import Tx

#: Deployments of a service among which one of code is looked for: restarts and changes of config are between these.
_RECENT = 200


async def due(tx: Tx, path: EnvironmentPath, steps: Sequence[Step], *, all_live: bool) -> list[Due]:
    """The services to deploy: from their source what changed or is not of it; where no more than config did, what is live,
    and so all that are live where their environment changed."""
    changed = {each.path: each for each in steps if each.changes or each.service is None}
    named = {each.path for each in steps}
    found = []
    for service in await services.listed(tx):
        if service.path.home != path or service.deleting:
            continue
        step, recent = changed.get(service.path), await deployments.of_service(tx, service.id, limit=_RECENT)
        if (step and not step.keeps_the_code) or (service.path in named and _is_behind(service, recent)):
            found.append(Due(service, from_source=True))
        elif step or (service.path in named and _failed(recent[:1])) or (all_live and service.live_deployment_id):
            found.append(Due(service, from_source=False))
    return found


def _is_behind(service: Service, recent: Sequence[Deployment]) -> bool:
    """Whether nothing of it is live, or the last code that was to go live did not."""
    of_code = [each for each in recent if each.brings_code or each.action == "rollback"]
    return not service.live_deployment_id or _failed(of_code[:1])


def _failed(some: Sequence[Deployment]) -> bool:
    return any(each.state in ("failed", "cancelled") for each in some)
