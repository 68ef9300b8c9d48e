"""Volumes."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from shipway.api.schemas.fields import Request
from shipway.api.schemas.settings import VolumeSettingOut
from shipway.operations.volumes import ServiceVolumes, VolumeView

VolumeName = Annotated[str, Field(max_length=40, json_schema_extra={"pattern": "^[a-z][a-z0-9-]*$"})]
#: The domain checks it, with a hint; this is for readers of the description.
_OURS = r"/(proc|sys|dev)(/|$)|/etc(/config(/|$)|$)|/run(/secrets(/|$)|$)"
_PATH = rf"^(?!{_OURS})(/(?!\.\.?(/|$))[A-Za-z0-9_.@+-]+)+$"
_PROCESS = r"^([a-z][a-z0-9_-]*)?$"


class VolumeIn(Request):
    """One volume that a service is to have."""

    name: VolumeName
    path: str = Field(
        max_length=200,
        description="Absolute; where instances find it.",
        json_schema_extra={"pattern": _PATH, "examples": ["/data"]},
    )
    process: str = Field(
        default="",
        max_length=40,
        description="The one process type that has it; empty: all have.",
        json_schema_extra={"pattern": _PROCESS},
    )


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
