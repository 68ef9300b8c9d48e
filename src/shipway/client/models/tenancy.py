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
    created_at: str
