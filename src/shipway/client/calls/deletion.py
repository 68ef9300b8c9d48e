"""Deleting services, environments and projects for good."""

from shipway.client import models
from shipway.client.calls import paths
from shipway.client.calls.asking import LONG, Asking


class Deletion(Asking):
    """By the path of what it is: two parts are a project's, three an environment's, four a service's."""

    def loss(self, path: str) -> models.Loss:
        """What deleting it would take with it."""
        return self._ask(models.Loss, "GET", f"{paths.of(path)}/deletion")

    def delete(self, path: str, *, confirm: str) -> None:
        """With all that it has. `confirm`: its path once more, as it was typed."""
        self._transport.send("DELETE", paths.of(path), params={"confirm": confirm}, timeout=LONG)
