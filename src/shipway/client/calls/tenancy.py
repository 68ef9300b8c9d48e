"""Workspaces, projects, environments."""

from shipway.client import models
from shipway.client.calls import paths
from shipway.client.calls.asking import Asking


class Tenancy(Asking):
    """What there is above services."""

    def workspaces(self) -> list[models.Workspace]:
        """Those that may be seen."""
        return self._ask(list[models.Workspace], "GET", "/workspaces")

    def create_workspace(self, name: str) -> models.Workspace:
        """A new one."""
        return self._ask(models.Workspace, "POST", "/workspaces", json={"name": name})

    def projects(self, workspace: str) -> list[models.Project]:
        """A workspace's."""
        return self._ask(list[models.Project], "GET", paths.under(workspace))

    def create_project(self, workspace: str, name: str) -> models.Project:
        """A new one."""
        return self._ask(models.Project, "POST", paths.under(workspace), json={"name": name})

    def environments(self, workspace: str, project: str) -> list[models.Environment]:
        """A project's."""
        return self._ask(list[models.Environment], "GET", paths.under(workspace, project))

    def create_environment(self, workspace: str, project: str, name: str, kind: str | None) -> models.Environment:
        """A new one."""
        body = {"name": name, "kind": kind}
        return self._ask(models.Environment, "POST", paths.under(workspace, project), json=body)
