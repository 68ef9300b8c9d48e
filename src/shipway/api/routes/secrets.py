"""Secrets: written, and never read again by anything but the instances that are given them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.routes.paths import ENVIRONMENT, SERVICE, EnvironmentName, ProjectName, ThePath, WorkspaceName
from shipway.api.schemas.fields import MOST
from shipway.api.schemas.secrets import (
    BindingsChange,
    BindingsOut,
    EnvironmentBindingsChange,
    KeyRotated,
    SecretIn,
    SecretOut,
)
from shipway.domain.names import EnvironmentPath
from shipway.operations import secrets

router = APIRouter(tags=["secrets"])

_SECRETS = f"{ENVIRONMENT}/secrets"
_BINDINGS = f"{ENVIRONMENT}/bindings"
_NAME = r"^[A-Za-z_][A-Za-z0-9_]{0,199}$"
SecretName = Annotated[
    str, Path(alias="secret", max_length=240, json_schema_extra={"pattern": _NAME, "maxLength": 200}, examples=["DSN"])
]
Version = Annotated[int, Path(ge=1, le=MOST)]


def _environment(workspace: WorkspaceName, project: ProjectName, environment: EnvironmentName) -> EnvironmentPath:
    return EnvironmentPath.parse(f"{workspace}/{project}/{environment}")


TheEnvironment = Annotated[EnvironmentPath, Depends(_environment)]


@router.get(_SECRETS)
async def list_secrets(platform: ThePlatform, actor: TheActor, path: TheEnvironment) -> list[SecretOut]:
    """An environment's, with their versions and who uses them; never a value."""
    return [SecretOut.model_validate(each) for each in await secrets.list_secrets(platform, actor, path)]


@router.put(f"{_SECRETS}/{{secret}}")
async def set_secret(
    platform: ThePlatform, actor: TheActor, path: TheEnvironment, name: SecretName, body: SecretIn
) -> SecretOut:
    """A new version, which releases from now on take unless they name another."""
    return SecretOut.model_validate(await secrets.set_secret(platform, actor, path, name, body.value))


@router.post(f"{_SECRETS}/{{secret}}/versions/{{version}}/revoke")
async def revoke_secret(
    platform: ThePlatform, actor: TheActor, path: TheEnvironment, name: SecretName, version: Version
) -> SecretOut:
    """Forget a version's value for ever; `used_by` says which live releases still run with it."""
    return SecretOut.model_validate(await secrets.revoke_secret(platform, actor, path, name, version))


@router.delete(f"{_SECRETS}/{{secret}}", status_code=204)
async def delete_secret(platform: ThePlatform, actor: TheActor, path: TheEnvironment, name: SecretName) -> None:
    """With all its versions; refused while something uses it."""
    await secrets.delete_secret(platform, actor, path, name)


@router.get(_BINDINGS)
async def list_environment_bindings(platform: ThePlatform, actor: TheActor, path: TheEnvironment) -> BindingsOut:
    """Which secrets all its services are given, but where one has a variable of that name itself."""
    return BindingsOut.of(await secrets.list_bindings(platform, actor, path))


@router.patch(_BINDINGS)
async def change_environment_bindings(
    platform: ThePlatform, actor: TheActor, path: TheEnvironment, body: EnvironmentBindingsChange
) -> BindingsOut:
    """Bind and unbind several at once, or none of them; each service has them with its next release."""
    return BindingsOut.of(await secrets.change_bindings(platform, actor, path, variables=body.variables))


@router.get(f"{SERVICE}/secrets")
async def list_bindings(platform: ThePlatform, actor: TheActor, path: ThePath) -> BindingsOut:
    """Which secrets the service's next release is given, by its environment too."""
    return BindingsOut.of(await secrets.list_bindings(platform, actor, path))


@router.patch(f"{SERVICE}/secrets")
async def change_bindings(platform: ThePlatform, actor: TheActor, path: ThePath, body: BindingsChange) -> BindingsOut:
    """Bind and unbind several at once, or none of them; it takes effect with the next release."""
    changed = await secrets.change_bindings(platform, actor, path, variables=body.variables, files=body.files)
    return BindingsOut.of(changed)


@router.post("/sealing-key/rotate")
async def rotate_key(platform: ThePlatform, actor: TheActor) -> KeyRotated:
    """Seal all that is sealed in this installation with a new key. For administrators."""
    return KeyRotated(sealed=await secrets.rotate_key(platform, actor))
