"""Workspaces, projects and environments."""

from typing import TypedDict


class Workspace(TypedDict):
    """A tenant."""

    name: str
    created_at: str


class Project(TypedDict):
    """Things shipped together."""

    workspace: str
    name: str
    created_at: str


class Environment(TypedDict):
    """One place a project runs in."""

    workspace: str
    project: str
    name: str
    kind: str
    branch: str
    memory: int
    cpus: float
    created_at: str


class ServiceLine(TypedDict):
    """A service of an environment, in short."""

    path: str
    state: str
    url: str


class EnvironmentDetail(Environment):
    """One environment with what is in it."""

    services: list[ServiceLine]
    variables: list[str]
    secrets: list[str]


class ClonedService(TypedDict):
    """A service that was copied."""

    path: str
    hosts: list[str]
    to_set: list[str]


class Cloned(TypedDict):
    """An environment that was made after another one."""

    environment: Environment
    services: list[ClonedService]
    to_set: list[str]
