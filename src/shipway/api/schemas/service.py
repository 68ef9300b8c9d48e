"""Services."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from shipway.api.schemas.deployment import DeploymentSummary
from shipway.api.schemas.fields import PathText, Request, Slug, View
from shipway.api.schemas.settings import ResourcesOut, SettingsIn, SettingsOut
from shipway.api.schemas.source import GitBody, ImageBody, PushBody, SourceBody, UploadBody, source_body
from shipway.domain.deployment import Deployment
from shipway.domain.names import ServicePath
from shipway.domain.service import ServiceState, TrafficMode
from shipway.domain.vitals import Vitals
from shipway.domain.workload import Instance, InstanceState
from shipway.operations.services import ServiceView

HostName = Annotated[str, Field(max_length=260, json_schema_extra={"format": "hostname", "maxLength": 253})]


class RestartOut(View):
    """That a live instance ended and was started again."""

    at: datetime
    reason: str


class InstanceOut(BaseModel):
    """One running copy of one process type."""

    name: str
    process: str
    release: int
    deployment: str
    state: InstanceState
    exit_code: int | None
    oom_killed: bool
    restarts: int
    last_restart: RestartOut | None = Field(description="Since it is live.")
    live: bool = Field(description="Whether it is one of those that serve; else it comes, goes or stands by.")
    ready: bool = Field(description="False: it failed its health check since it is live, and others get its requests.")
    started_at: datetime | None

    @classmethod
    def of(cls, instance: Instance, vitals: Vitals) -> "InstanceOut":
        """From the domain's values."""
        last = vitals.restarts.get(instance.name)
        return cls(
            name=instance.name,
            process=instance.owner.process,
            release=instance.owner.release,
            deployment=instance.owner.deployment,
            state=instance.state,
            exit_code=instance.exit_code,
            oom_killed=instance.oom_killed,
            restarts=vitals.restarts_of(instance),
            last_restart=RestartOut.model_validate(last) if last else None,
            live=instance.name in vitals.wanted,
            ready=instance.name not in vitals.unready,
            started_at=instance.started_at,
        )


class ServiceOut(BaseModel):
    """One deployable unit and how it is."""

    path: str
    workspace: str
    project: str
    environment: str
    name: str
    state: ServiceState
    url: str = Field(description="Empty when it has no host.")
    hosts: list[str]
    source: GitBody | UploadBody | PushBody | ImageBody = Field(discriminator="kind")
    settings: SettingsOut
    limits: ResourcesOut = Field(description="Those that its next release has: its own, else its environment's.")
    scale: dict[str, int] = Field(description="As set; one of each process type that is not named.")
    traffic: TrafficMode = Field(
        description="Other than `open`: requests don't reach its instances; see PUT `/traffic`."
    )
    held: str = Field(description="Why nothing is deployed by itself for now; empty: it is. See PUT `/auto-deploy`.")
    live: DeploymentSummary | None = Field(description="The deployment that has the traffic.")
    latest: DeploymentSummary | None
    instances: list[InstanceOut] = Field(description="Only when one service is asked for.")
    unseen: str = Field(description="Why its instances can't be seen now; empty when they can.")
    created_at: datetime

    @classmethod
    def of(cls, view: ServiceView) -> "ServiceOut":
        """From the operations' view."""
        service, path = view.service, view.service.path
        return cls(
            path=str(path),
            workspace=path.workspace,
            project=path.project,
            environment=path.environment,
            name=path.service,
            state=view.state,
            url=view.url,
            hosts=list(service.hosts),
            source=source_body(service.source),
            settings=SettingsOut.model_validate(service.settings),
            limits=ResourcesOut.model_validate(service.in_effect.resources),
            scale=service.scale,
            traffic=service.traffic,
            held=service.held,
            live=_summary(view.live, path),
            latest=_summary(view.latest, path),
            instances=[InstanceOut.of(instance, view.vitals) for instance in view.instances],
            unseen=view.blind.message if view.blind else "",
            created_at=service.created_at,
        )


class ServiceIn(Request):
    """A new service."""

    name: Slug
    source: SourceBody = UploadBody(kind="upload")
    settings: SettingsIn = SettingsIn()
    hosts: list[HostName] = Field(default=[], max_length=100, description="None: one under the base domain.")
    create_parents: bool = Field(default=False, description="Make workspace, project and environment when missing.")


class CopyIn(Request):
    """Where the new service goes."""

    to: PathText = Field(description="Its path; in the same workspace.")
    create_parents: bool = Field(default=False, description="Make project and environment when missing.")


class CopyOut(BaseModel):
    """A service that was made after another one."""

    service: ServiceOut
    to_set: list[str] = Field(
        description="What it lacks: secrets are not copied, nor what refers to another environment's."
    )


class ServiceChange(Request):
    """What is to be changed; everything else stays."""

    source: SourceBody | None = Field(default=None, description="Of the kind that it has.")
    settings: SettingsIn | None = None
    hosts: list[HostName] | None = Field(default=None, max_length=100)


class Scaled(BaseModel):
    """How many instances of each process type are wanted now."""

    scale: dict[str, int]
    deployment: DeploymentSummary | None = Field(description="What makes it so; null when nothing is live.")


def _summary(deployment: Deployment | None, path: ServicePath) -> DeploymentSummary | None:
    return DeploymentSummary.of(deployment, path) if deployment else None
