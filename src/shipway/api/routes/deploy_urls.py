"""Deploy URLs: a service's, and what they are for."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.routes.paths import SERVICE, ThePath
from shipway.api.routes.pipeline import accepted
from shipway.api.schemas.deploy_url import DeployUrlIn, DeployUrlOut, NewDeployUrl
from shipway.api.schemas.deployment import DeploymentOut
from shipway.api.schemas.fields import GitRef, ImageReference
from shipway.domain.source import Revision
from shipway.operations import deploy_urls

router = APIRouter(tags=["deploy URLs"])

_OF_SERVICE = SERVICE + "/deploy-urls"


@router.post("/deploy/{token}", status_code=202)
async def deploy_by_url(
    platform: ThePlatform,
    token: Annotated[str, Path(max_length=80)],
    *,
    response: Response,
    ref: Annotated[GitRef, Query(description="Branch, tag or commit; left out: the service's own.")] = "",
    image: Annotated[ImageReference | None, Query(description="Of a service that is deployed from images.")] = None,
) -> DeploymentOut:
    """For CI: deploy the service that this URL is of."""
    actor, made = await deploy_urls.deploy_by_url(platform, token, Revision(ref=ref, image=image or ""))
    return await accepted(platform, actor, made, response)


@router.get(_OF_SERVICE)
async def list_deploy_urls(platform: ThePlatform, actor: TheActor, path: ThePath) -> list[DeployUrlOut]:
    """Oldest first, without their tokens."""
    return [DeployUrlOut.model_validate(each) for each in await deploy_urls.list_deploy_urls(platform, actor, path)]


@router.post(_OF_SERVICE, status_code=201)
async def create_deploy_url(platform: ThePlatform, actor: TheActor, path: ThePath, body: DeployUrlIn) -> NewDeployUrl:
    """A new one; it is shown this once."""
    made = await deploy_urls.create_deploy_url(platform, actor, path, body.label)
    return NewDeployUrl(id=made.known.id, url=made.url)


@router.delete(_OF_SERVICE + "/{url}", status_code=204)
async def remove_deploy_url(
    platform: ThePlatform, actor: TheActor, path: ThePath, url: Annotated[str, Path(max_length=40)]
) -> None:
    """Make one worthless at once."""
    await deploy_urls.remove_deploy_url(platform, actor, path, url)
