"""Workspaces, projects, environments."""

from typing import Any

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

    def environment(self, path: str) -> models.EnvironmentDetail:
        """One with what is in it."""
        return self._ask(models.EnvironmentDetail, "GET", paths.of(path))

    def create_environment(
        self, workspace: str, project: str, name: str, kind: str | None = None, **more: Any
    ) -> models.Environment:
        """A new one; `branch`, `memory` and `cpus` where they are to be others than by default."""
        body = {"name": name, "kind": kind, **more}
        return self._ask(models.Environment, "POST", paths.under(workspace, project), json=body)

    def change_environment(self, path: str, **body: Any) -> models.Environment:
        """Change what is given of `kind`, `branch`, `memory` and `cpus`."""
        return self._ask(models.Environment, "PATCH", paths.of(path), json=body)

    def clone_environment(self, path: str, to: str, **body: Any) -> models.Cloned:
        """A new one like it, in its project; `kind`, `branch`, `memory` and `cpus` where they are to be others."""
        return self._ask(models.Cloned, "POST", f"{paths.of(path)}/clone", json={"to": to, **body})
