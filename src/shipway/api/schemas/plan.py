"""What a deployment does to what runs: asked for beforehand, and as it was recorded."""

from typing import Annotated, Literal

from pydantic import Field

from shipway.api.schemas.fields import MOST, PathText, Request, View
from shipway.domain.change import ChangeWord
from shipway.domain.plan import Mode, Reason, Verb
from shipway.domain.strategy import StrategyType
from shipway.operations.planning import MOST_INSTANCES, ConfigMode

ProcessName = Annotated[str, Field(max_length=40, json_schema_extra={"pattern": r"^[a-z][a-z0-9_-]{0,39}$"})]
Count = Annotated[int, Field(ge=0, le=MOST_INSTANCES)]
ZeroDowntime = Annotated[bool, Field(description="Refuse, before anything changes, rather than interrupt the service.")]


ConfigChoice = Annotated[
    ConfigMode,
    Field(description="snapshot: the release itself. current: a new release of its image with today's config."),
]


class DeployPlanIn(Request):
    """Of the service's source with today's config."""

    action: Literal["deploy"]
    require_zero_downtime: ZeroDowntime = False


class RollbackPlanIn(Request):
    """To an earlier release."""

    action: Literal["rollback"]
    version: int | None = Field(
        default=None, ge=1, le=MOST, description="Number of the release; null: the last that was live before."
    )
    config: ConfigChoice = "snapshot"
    require_zero_downtime: ZeroDowntime = False


class RestartPlanIn(Request):
    """Of the release that is live."""

    action: Literal["restart"]
    require_zero_downtime: ZeroDowntime = False


class ReconfigurePlanIn(Request):
    """Of what is live, with today's config."""

    action: Literal["reconfigure"]
    require_zero_downtime: ZeroDowntime = False


class ScalePlanIn(Request):
    """To so many instances."""

    action: Literal["scale"]
    counts: dict[ProcessName, Count] = Field(
        min_length=1, max_length=50, examples=[{"web": 3}], json_schema_extra={"additionalProperties": False}
    )
    require_zero_downtime: ZeroDowntime = False


class PromotePlanIn(Request):
    """Of a release of another service, to be brought here."""

    action: Literal["promote"]
    source: PathText = Field(description="Path of that service.")
    version: int | None = Field(default=None, ge=1, le=MOST, description="Number of the release; null: the live one.")
    rebuild: bool = False
    require_zero_downtime: ZeroDowntime = False


PlanIn = Annotated[
    DeployPlanIn | RollbackPlanIn | RestartPlanIn | ReconfigurePlanIn | ScalePlanIn | PromotePlanIn,
    Field(discriminator="action"),
]


class MoveOut(View):
    """One act on the world."""

    verb: Verb = Field(
        description="evict: end a warm set to make room. run: the release command. adopt: take over an instance that still "
        "stands. park: stop one for its successor, to be started again should that fail. publish: let those taken over see the "
        "config files of the release. switch: move the requests."
    )
    what: str = Field(
        description="Name of an instance; of the release for run, publish and switch; of a deployment for evict."
    )


class ProcessChangeOut(View):
    """How many instances of a process type there are."""

    name: str
    before: int
    after: int


class ConfigChangeOut(View):
    """Something that instances are given, and that is not what it is in the release that serves now."""

    name: str
    change: ChangeWord
    kind: Literal["variable", "secret", "secret-file", "file"]
    before: str = Field(description="A secret's version, or the hash of a file's content; never a value.")
    after: str


class ImageOriginOut(View):
    """The release whose image a new release takes."""

    service: str = Field(description="Path of that release's service, as it was then.")
    number: int


class CapacityOut(View):
    """An amount of what instances are given."""

    memory: int = Field(description="Bytes.")
    cpus: float = Field(description="Cores.")
    devices: dict[str, int] = Field(description="Whole devices by kind.")


class PlanOut(View):
    """What will be done, in order, and why in this way."""

    summary: str = Field(description="In one line.")
    release: int = Field(description="Number of the release that is to serve.")
    image: str
    replaces: int | None = Field(description="Number of the release that serves now; null for none.")
    strategy: StrategyType
    mode: Mode = Field(
        description="overlap: the new instances start beside the old ones; overlap-one-by-one: a few at a time, for which "
        "old ones stop; stop-first: the old ones stop before; in-place: there are no new ones, as only config files change."
    )
    reason: Reason = Field(description="What forbids an overlap; empty when nothing does.")
    why: str = Field(description="The reason as a sentence.")
    waits: bool = Field(description="The switch waits for POST /deployments/{deployment}/promote.")
    interrupts: list[str] = Field(description="Process types of which there is none for a while.")
    moves: list[MoveOut] = Field(description="In order.")
    processes: list[ProcessChangeOut]
    config: list[ConfigChangeOut]
    needed: CapacityOut = Field(description="What the new instances take.")
    free: CapacityOut = Field(description="What is free for them while the old ones run.")
    at_once: int = Field(description="Instances that may start at the same time.")
    warnings: list[str]
    image_from: ImageOriginOut | None = Field(description="Whose image the release takes, where it is made of one.")
    today: list[ConfigChangeOut] = Field(
        description="Of a rollback that is asked about: what today's config has otherwise than the release gone back to."
    )
    rebuilds_from: str = Field(
        description="Of a rollback to a pruned image that is asked about: the commit or upload it is built from again. Where "
        "another image comes of it, a new release is made instead of `release`. Empty: the image is there."
    )
