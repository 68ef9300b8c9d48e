"""Private registries: what a workspace's builds read packages and base images from."""

from typing import Annotated

from fastapi import APIRouter, Path

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.routes.paths import WorkspaceName
from shipway.api.schemas.registries import RegistryIn, RegistryOut
from shipway.domain.registries import RegistryCredential
from shipway.operations import registries

router = APIRouter(prefix="/workspaces/{workspace}/registries", tags=["registries"])

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_PORT = r"([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
#: The domain checks it, with a hint; this is for readers of the description.
_HOST = rf"^{_LABEL}(\.{_LABEL})*(:{_PORT})?$"
Host = Annotated[
    str,
    Path(
        max_length=260,
        examples=["npm.example.com"],
        json_schema_extra={"pattern": _HOST, "maxLength": 253},
        description="host[:port]",
    ),
]


@router.get("")
async def list_registries(platform: ThePlatform, actor: TheActor, workspace: WorkspaceName) -> list[RegistryOut]:
    """By host, without their passwords."""
    known = await registries.list_registries(platform, actor, workspace)
    return [RegistryOut.model_validate(each) for each in known]


@router.put("/{host}")
async def put_registry(
    platform: ThePlatform, actor: TheActor, workspace: WorkspaceName, host: Host, body: RegistryIn
) -> RegistryOut:
    """Builds use it from the next one on; replaces the credential that was there for this host."""
    credential = RegistryCredential(host, body.username, body.password, body.kind)
    return RegistryOut.model_validate(await registries.put_registry(platform, actor, workspace, credential))


@router.delete("/{host}", status_code=204)
async def remove_registry(platform: ThePlatform, actor: TheActor, workspace: WorkspaceName, host: Host) -> None:
    """Builds go without it from the next one on."""
    await registries.remove_registry(platform, actor, workspace, host)
