"""Workspaces, projects, and environments as they are listed."""

from datetime import datetime

from pydantic import BaseModel, Field

from shipway.api.schemas.fields import Request, Slug
from shipway.domain.tenancy import Environment, EnvironmentKind, Project, Workspace

_LIMIT = "Of an instance of which the service says nothing; 0: nothing is said here"


class WorkspaceOut(BaseModel):
    """A tenant."""

    name: str
    created_at: datetime

    @classmethod
    def of(cls, workspace: Workspace) -> "WorkspaceOut":
        """From the domain's value."""
        return cls(name=workspace.slug, created_at=workspace.created_at)


class ProjectOut(BaseModel):
    """Things shipped together."""

    workspace: str
    name: str
    created_at: datetime

    @classmethod
    def of(cls, workspace: str, project: Project) -> "ProjectOut":
        """From the domain's value."""
        return cls(workspace=workspace, name=project.slug, created_at=project.created_at)


class EnvironmentOut(BaseModel):
    """One place a project runs in."""

    workspace: str
    project: str
    name: str
    kind: EnvironmentKind
    branch: str = Field(description="What services from git take that name none; empty: the repository's default.")
    memory: int = Field(description=f"Bytes. {_LIMIT}, else 512 MiB.")
    cpus: float = Field(description=f"Cores. {_LIMIT}, else 1.")
    created_at: datetime

    @classmethod
    def of(cls, workspace: str, project: str, environment: Environment) -> "EnvironmentOut":
        """From the domain's value."""
        return cls(
            workspace=workspace,
            project=project,
            name=environment.slug,
            kind=environment.kind,
            branch=environment.branch,
            memory=environment.limits.memory,
            cpus=environment.limits.cpus,
            created_at=environment.created_at,
        )


class NameIn(Request):
    """What a new workspace or project is called."""

    name: Slug
