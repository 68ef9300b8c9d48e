"""Builds."""

from typing import Any

from shipway.client import models
from shipway.client.calls import paths
from shipway.client.calls.asking import LONG, Asking


class Builds(Asking):
    """What was built, and of what."""

    def builds(self, path: str, *, limit: int = 20, before: int | None = None) -> models.BuildPage:
        """Newest first."""
        params = {"limit": limit, "before": before}
        return self._ask(models.BuildPage, "GET", f"{paths.service(path)}/builds", params=params)

    def build(self, path: str, number: int) -> models.Build:
        """One with all that went in."""
        return self._ask(models.Build, "GET", f"{paths.service(path)}/builds/{number}")

    def attestation(self, path: str, number: int, kind: str) -> dict[str, Any]:
        """`provenance` or `sbom`: the in-toto statement beside the image."""
        return self._ask(dict[str, Any], "GET", f"{paths.service(path)}/builds/{number}/{kind}")

    def prune_builds(self, workspace: str) -> models.Freed:
        """Empty a workspace's build cache."""
        return self._ask(models.Freed, "POST", paths.in_workspace(workspace, "builds", "prune"), timeout=LONG)
