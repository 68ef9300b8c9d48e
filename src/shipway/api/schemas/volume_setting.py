"""A volume that a service is to have, among its settings."""

from typing import Annotated

from pydantic import Field

from shipway.api.schemas.fields import Request, View

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


class VolumeSettingOut(View):
    """One volume that is named; each instance of its process types has one of its own."""

    name: str
    path: str
    process: str = Field(description="The one process type that has it; empty: all have.")
