"""Volumes: what a service has, and what is in the bin."""

from typing import Annotated

from fastapi import APIRouter, Path

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.routes.paths import SERVICE, ThePath
from shipway.api.schemas.volume import VolumesOut
from shipway.api.schemas.volume_setting import VolumeIn, VolumeName
from shipway.domain.volume import Volume
from shipway.operations import volumes

router = APIRouter(prefix=f"{SERVICE}/volumes", tags=["volumes"])

_Name = Annotated[VolumeName, Path(alias="name")]
_Id = Annotated[str, Path(alias="id", max_length=40, pattern=r"^vol_[a-z0-9]+$", examples=["vol_01k3v9h2s4q8m6x7"])]


@router.get("")
async def list_volumes(platform: ThePlatform, actor: TheActor, path: ThePath) -> VolumesOut:
    """All of a service's, with their sizes."""
    return VolumesOut.of(await volumes.list_volumes(platform, actor, path))


@router.put("")
async def add_volume(platform: ThePlatform, actor: TheActor, path: ThePath, body: VolumeIn) -> VolumesOut:
    """Give the service a volume from the next deployment on, or change where one is."""
    await volumes.add_volume(platform, actor, path, Volume(body.name, body.path, body.process))
    return await _now(platform, actor, path)


@router.delete("/{name}")
async def remove_volume(platform: ThePlatform, actor: TheActor, path: ThePath, name: _Name) -> VolumesOut:
    """Have the next release do without; what is in it goes into the bin when that is live."""
    await volumes.remove_volume(platform, actor, path, name)
    return await _now(platform, actor, path)


@router.post("/bin/{id}/restore")
async def restore_volume(platform: ThePlatform, actor: TheActor, path: ThePath, volume_id: _Id) -> VolumesOut:
    """Take one out of the bin: the next instance that starts at its place has it."""
    await volumes.restore_volume(platform, actor, path, volume_id)
    return await _now(platform, actor, path)


@router.delete("/bin/{id}")
async def purge_volume(platform: ThePlatform, actor: TheActor, path: ThePath, volume_id: _Id) -> VolumesOut:
    """Remove one that is in the bin, with all that is in it, for good."""
    await volumes.purge_volume(platform, actor, path, volume_id)
    return await _now(platform, actor, path)


async def _now(platform: ThePlatform, actor: TheActor, path: ThePath) -> VolumesOut:
    return VolumesOut.of(await volumes.list_volumes(platform, actor, path, sizes=False))
