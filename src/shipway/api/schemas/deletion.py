"""What would be gone for good."""

from typing import Annotated

from fastapi import Query
from pydantic import Field

from shipway.api.schemas.fields import View

#: What is typed so that nothing is deleted by mistake.
Confirmation = Annotated[str, Query(max_length=200, description="The whole path of what is deleted.")]


class LostVolumeOut(View):
    """A volume that goes, with what is in it."""

    id: str
    service: str
    name: str = Field(examples=["data.web.1"])
    size: int | None = Field(description="Bytes; null: nothing was made yet, or the engine can't say.")
    binned: bool = Field(description="Whether it is in the bin.")


class LossOut(View):
    """What goes with it, and never comes back."""

    path: str = Field(description="What `confirm` must be.")
    environments: list[str]
    services: list[str]
    hosts: list[str] = Field(description="Free for other services then.")
    volumes: list[LostVolumeOut]
    secrets: list[str] = Field(examples=[["acme/shop/production/DATABASE_URL"]])
    under_way: list[str] = Field(
        description="Deployments that are cancelled.", examples=[["acme/shop/production/api d5"]]
    )
