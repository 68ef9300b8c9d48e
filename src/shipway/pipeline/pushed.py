"""Pushed source, as a deployment takes it: with its repository and its branch."""

from dataclasses import replace

from shipway.domain.service import Service
from shipway.domain.source import PushSource
from shipway.store import tenancy
from shipway.store.database import Tx

#: Deployed where neither the service nor its environment names another.
_BRANCH = "main"


async def pushed_source(tx: Tx, service: Service, source: PushSource) -> PushSource:
    """The source with all that is left open in it decided."""
    branch = source.branch or await tenancy.branch_of(tx, service.environment_id) or _BRANCH
    return replace(source, branch=branch, repository=service.id)
