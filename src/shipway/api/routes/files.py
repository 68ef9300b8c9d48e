"""Config files: text that instances find under `/etc/config`. Not for secrets."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.routes.paths import SERVICE, ThePath
from shipway.api.schemas.deployment import DeploymentSummary
from shipway.api.schemas.files import (
    PATH_PATTERN,
    FileChangeOut,
    FileContentOut,
    FileOut,
    FilesChange,
    FilesChanged,
)
from shipway.operations import config_files

router = APIRouter(prefix=f"{SERVICE}/files", tags=["config"])

_SCHEMA = {"pattern": PATH_PATTERN, "maxLength": 200}
OnePath = Annotated[
    str, Query(max_length=220, description="Below /etc/config.", examples=["app.toml"], json_schema_extra=_SCHEMA)
]
AnyPath = Annotated[
    str,
    Query(
        max_length=220,
        description="Of this file alone; empty: of all.",
        json_schema_extra={"pattern": f"^$|{PATH_PATTERN}", "maxLength": 200},
    ),
]


@router.get("")
async def list_files(platform: ThePlatform, actor: TheActor, path: ThePath) -> list[FileOut]:
    """By path, as the next release will have them."""
    return [FileOut.of(each) for each in await config_files.list_files(platform, actor, path)]


@router.get("/content")
async def show_file(platform: ThePlatform, actor: TheActor, path: ThePath, file: OnePath) -> FileContentOut:
    """One, with what is in it."""
    view, text = await config_files.show_file(platform, actor, path, file)
    return FileContentOut(**FileOut.of(view).model_dump(), content=text)


@router.get("/history")
async def file_history(
    platform: ThePlatform, actor: TheActor, path: ThePath, file: AnyPath = ""
) -> list[FileChangeOut]:
    """The last hundred changes, newest first."""
    told = await config_files.file_history(platform, actor, path, file)
    return [FileChangeOut.model_validate(each) for each in told]


@router.patch("", responses={202: {"model": FilesChanged, "description": "A deployment shows them to instances."}})
async def change_files(
    platform: ThePlatform, actor: TheActor, path: ThePath, body: FilesChange, response: Response
) -> FilesChanged:
    """Set and delete several at once, or none of them. While something is live this makes a release of what is live with
    these files: nothing is restarted, and running instances see all of them in one instant. Not for secrets."""
    made = await config_files.change_files(
        platform, actor, path, files=body.set, delete=body.delete, deploy=body.deploy
    )
    files = await list_files(platform, actor, path)
    if made is not None:
        response.status_code = 202
        response.headers["Location"] = f"/deployments/{made.id}"
    return FilesChanged(files=files, deployment=DeploymentSummary.of(made, path) if made else None)
