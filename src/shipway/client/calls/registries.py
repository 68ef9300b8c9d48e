"""Private registries."""

from shipway.client import models
from shipway.client.calls import paths
from shipway.client.calls.asking import Asking


class Registries(Asking):
    """Private registries of a workspace."""

    def registries(self, workspace: str) -> list[models.Registry]:
        """A workspace's, without their passwords."""
        return self._ask(list[models.Registry], "GET", paths.in_workspace(workspace, "registries"))

    def put_registry(self, workspace: str, host: str, **body: str) -> models.Registry:
        """What `host` is told; `username`, `password` and `kind` as the API takes them."""
        return self._ask(models.Registry, "PUT", paths.in_workspace(workspace, "registries", host), json=body)

    def remove_registry(self, workspace: str, host: str) -> None:
        """Tell it nothing any more."""
        self._transport.send("DELETE", paths.in_workspace(workspace, "registries", host))
