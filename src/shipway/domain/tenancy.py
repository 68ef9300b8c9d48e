"""What a service lives in: workspace, project, environment (S1.1)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shipway.domain.process import NO_LIMITS, Limits

EnvironmentKind = Literal["development", "staging", "production", "preview"]

ENVIRONMENT_KINDS: tuple[EnvironmentKind, ...] = ("development", "staging", "production", "preview")


@dataclass(frozen=True, slots=True)
class Workspace:
    """A tenant. Nothing in one workspace can be seen or reached from another."""

    id: str
    slug: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Project:
    """Things shipped together."""

    id: str
    workspace_id: str
    slug: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Environment:
    """One place a project runs in, with its own network, config and history."""

    id: str
    project_id: str
    slug: str
    kind: EnvironmentKind
    created_at: datetime
    #: Branch that its services take which are deployed from git and name none; empty: the repository's default branch.
    branch: str = ""
    limits: Limits = NO_LIMITS
