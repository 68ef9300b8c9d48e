"""Deploy URLs."""

from datetime import datetime

from pydantic import BaseModel, Field

from shipway.api.schemas.fields import Request, View


class DeployUrlIn(Request):
    """A new one."""

    label: str = Field(
        min_length=1,
        max_length=80,
        json_schema_extra={"pattern": r"\S"},
        description="Who has it; shown as who deployed.",
    )


class DeployUrlOut(View):
    """A deploy URL without its token."""

    id: str
    label: str
    created_at: datetime
    created_by: str
    used_at: datetime | None


class NewDeployUrl(BaseModel):
    """A deploy URL as it is shown once."""

    id: str
    url: str = Field(description="POST to it deploys the service; `?ref=` takes another branch, tag or commit.")
