"""Deploy URLs: doors for CI, each of which can deploy one service and do nothing else (decision 29)."""

import hashlib
import secrets
from dataclasses import dataclass, field

from shipway.domain.deployment import Deployment
from shipway.domain.errors import Conflict, Invalid, NotFound
from shipway.domain.names import ServicePath
from shipway.domain.service import Service
from shipway.domain.source import Revision
from shipway.domain.user import User
from shipway.domain.webhook import DeployUrl
from shipway.operations import access
from shipway.operations.access import Actor
from shipway.operations.deployments import deploy
from shipway.pipeline.platform import Platform
from shipway.sources.hosts.host import shown
from shipway.store import deploy_urls, services


@dataclass(frozen=True, slots=True)
class MadeDeployUrl:
    """A new one; its URL has the token in it, and is shown this once."""

    known: DeployUrl
    url: str = field(repr=False)


async def create_deploy_url(platform: Platform, actor: Actor, path: ServicePath, label: str) -> MadeDeployUrl:
    """A new one. `label` says who has it, and is shown as who deployed."""
    if not shown(label).strip():
        raise Invalid("A deploy URL needs a label.", hint="Say who has it: --label ci.")
    token = secrets.token_urlsafe(32)
    async with platform.database.write() as tx:
        service = await access.service(tx, actor, path)
        made = await deploy_urls.create(tx, service.id, _hash(token), label=shown(label), actor=actor.user.name)
    return MadeDeployUrl(made, f"{platform.settings.url}/deploy/{token}")


async def list_deploy_urls(platform: Platform, actor: Actor, path: ServicePath) -> list[DeployUrl]:
    """A service's, oldest first, without their tokens."""
    async with platform.database.read() as tx:
        return await deploy_urls.listed(tx, (await access.service(tx, actor, path)).id)


async def remove_deploy_url(platform: Platform, actor: Actor, path: ServicePath, url_id: str) -> None:
    """Make one worthless at once. Raises `NotFound`."""
    async with platform.database.write() as tx:
        service = await access.service(tx, actor, path)
        if not await deploy_urls.remove(tx, service.id, url_id):
            raise NotFound(f"{path} has no deploy URL {url_id!r}.", hint="`shipway deploy-urls` lists them.")


async def deploy_by_url(platform: Platform, token: str, revision: Revision) -> tuple[Actor, Deployment]:
    """Deploy what a token is for; and as whom. Raises `NotFound` for a token that nobody knows, `Conflict` while the service
    is held: it is a machine that asks, and would bring back what somebody went back from."""
    async with platform.database.write() as tx:
        known = await deploy_urls.use(tx, _hash(token))
        service = await services.get(tx, known.service_id) if known else None
    if known is None or service is None or service.deleting:
        raise NotFound("There is no such deploy URL.", hint="`shipway deploy-urls create` makes one.")
    _refuse_held(service)
    user = User("", known.label, admin=False, workspaces=frozenset({service.workspace_id}))
    actor = Actor(user, "deploy-url")
    return actor, await deploy(platform, actor, service.path, revision=revision)


def _refuse_held(service: Service) -> None:
    if service.held:
        raise Conflict(
            f"Automatic deployments of {service.path} are held: {service.held}.",
            hint="`shipway auto-deploy resume` lets them go on; `shipway deploy` deploys by hand meanwhile.",
        )


def _hash(token: str) -> str:
    """A plain hash is right here: tokens are 256 random bits, not passwords."""
    return hashlib.sha256(token.encode()).hexdigest()
