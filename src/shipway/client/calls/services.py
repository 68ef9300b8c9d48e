"""Services."""

from collections.abc import Iterator, Mapping
from typing import Any

from shipway.client import models
from shipway.client.address import parse
from shipway.client.calls import paths
from shipway.client.calls.asking import Asking


class Services(Asking):
    """Services, and what their instances write."""

    def services(self, workspace: str = "", project: str = "", environment: str = "") -> list[models.Service]:
        """All that may be seen, or some of them."""
        wanted = {"workspace": workspace, "project": project, "environment": environment}
        return self._ask(list[models.Service], "GET", "/services", params=wanted)

    def service(self, path: str) -> models.Service:
        """One with its instances."""
        return self._ask(models.Service, "GET", paths.service(path))

    def create_service(self, path: str, *, create_parents: bool = False, **body: Any) -> models.Service:
        """A new one; `source`, `settings` and `hosts` as the API takes them."""
        address = parse(path)
        parent = paths.under(address.workspace, address.project, address.environment)
        content = {"name": address.service, "create_parents": create_parents, **body}
        return self._ask(models.Service, "POST", parent, json=content)

    def change_service(self, path: str, **body: Any) -> models.Service:
        """Change what is given of `source`, `settings` and `hosts`."""
        return self._ask(models.Service, "PATCH", paths.service(path), json=body)

    def copy_service(self, path: str, to: str, *, create_parents: bool = False) -> models.Copied:
        """A new one with its source, settings, scale and config."""
        body = {"to": to, "create_parents": create_parents}
        return self._ask(models.Copied, "POST", f"{paths.service(path)}/copy", json=body)

    def scale(self, path: str, counts: Mapping[str, int], *, bins: bool = False) -> models.Scaled:
        """Set how many instances of each given process type run. `bins`: volumes may go into the bin by it."""
        params = {"bins": "true"} if bins else {}
        return self._ask(models.Scaled, "PUT", f"{paths.service(path)}/scale", json=dict(counts), params=params)

    def set_traffic(self, path: str, mode: str) -> models.Traffic:
        """Let requests reach its instances (`open`), or not (`maintenance`, `paused`)."""
        return self._ask(models.Traffic, "PUT", f"{paths.service(path)}/traffic", json={"mode": mode})

    def restart(self, path: str) -> models.Deployment:
        """New instances of what is live."""
        return self._ask(models.Deployment, "POST", f"{paths.service(path)}/restart")

    def logs(
        self, path: str, *, follow_on: bool, tail: int | None = None, process: str = ""
    ) -> Iterator[models.LogLine]:
        """What its instances wrote, and with `follow_on` what they go on to write."""
        params = {"follow": str(follow_on).lower(), "tail": tail, "process": process}
        for event in self._follow(f"{paths.service(path)}/logs", params=params):
            yield event.data
