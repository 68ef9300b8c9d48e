"""Volumes."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from shipway.api.schemas.volume_setting import VolumeSettingOut
from shipway.operations.volumes import ServiceVolumes, VolumeView


class VolumeOut(BaseModel):
    """One instance's volume."""

    id: str
    name: str
    process: str
    ordinal: int = Field(description="2 of `web.2`.")
    state: Literal["in-use", "bin"]
    size: int | None = Field(description="Bytes; null where that can't be had.")
    created_at: datetime
    binned_at: datetime | None
    binned_by: str
    until: datetime | None = Field(description="When one in the bin is removed.")

    @classmethod
    def of(cls, view: VolumeView) -> "VolumeOut":
        """From the operation's answer."""
        stored, place = view.stored, view.stored.place
        return cls(
            id=stored.id,
            name=place.name,
            process=place.process,
            ordinal=place.ordinal,
            state="bin" if stored.binned_at else "in-use",
            size=view.size,
            created_at=stored.created_at,
            binned_at=stored.binned_at,
            binned_by=stored.binned_by,
            until=view.until,
        )


class VolumesOut(BaseModel):
    """A service's volumes."""

    declared: list[VolumeSettingOut] = Field(description="What the next release names.")
    volumes: list[VolumeOut]

    @classmethod
    def of(cls, known: ServiceVolumes) -> "VolumesOut":
        """From the operation's answer."""
        declared = [VolumeSettingOut.model_validate(each) for each in known.declared]
        return cls(declared=declared, volumes=[VolumeOut.of(each) for each in known.volumes])
