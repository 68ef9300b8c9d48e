"""Uploads: source code sent by `shipway deploy`."""

from fastapi import APIRouter, Request

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.schemas.logs import UploadOut
from shipway.operations import uploads

router = APIRouter(prefix="/uploads", tags=["uploads"])

_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/gzip": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post("", status_code=201, openapi_extra=_BODY)
async def save_upload(platform: ThePlatform, actor: TheActor, request: Request) -> UploadOut:
    """Send a tar.gz, at most a gibibyte; deploy it by the digest."""
    return UploadOut(digest=await uploads.save_upload(platform, actor, request.stream()))
