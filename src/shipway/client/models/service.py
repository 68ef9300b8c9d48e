"""Services and their instances."""

from typing import Any, TypedDict

from shipway.client.models.deployment import Deployment


class Restart(TypedDict):
    """That a live instance ended and was started again."""

    at: str
    reason: str


class Instance(TypedDict):
    """One running copy of one process type."""

    name: str
    process: str
    release: int
    deployment: str
    state: str
    exit_code: int | None
    oom_killed: bool
    restarts: int
    last_restart: Restart | None
    live: bool
    ready: bool
    started_at: str | None


class Service(TypedDict):
    """One deployable unit and how it is."""

    path: str
    workspace: str
    project: str
    environment: str
    name: str
    state: str
    url: str
    hosts: list[str]
    source: dict[str, Any]
    settings: dict[str, Any]
    limits: dict[str, Any]
    scale: dict[str, int]
    traffic: str
    held: str
    live: Deployment | None
    latest: Deployment | None
    instances: list[Instance]
    unseen: str
    created_at: str


class Copied(TypedDict):
    """A service that was made after another one."""

    service: Service
    to_set: list[str]


class Scaled(TypedDict):
    """What scaling led to."""

    scale: dict[str, int]
    deployment: Deployment | None


class AutoDeploy(TypedDict):
    """Which pushes are deployed by themselves."""

    state: str
    reason: str
    branch: str
    paths: list[str]


class Traffic(TypedDict):
    """Whether requests reach a service's instances."""

    mode: str
