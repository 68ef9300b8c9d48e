"""Deployments."""

from collections.abc import Iterator
from typing import Any

from shipway.client import models
from shipway.client.calls import paths
from shipway.client.calls.asking import Asking
from shipway.client.events import Event


class Deployments(Asking):
    """Ask for a deployment, and see how it goes."""

    def plan(self, path: str, action: str, **body: Any) -> models.Plan | None:
        """What a deployment would do; `None` for a scaling of what is not live. `body` as the API takes it."""
        body = {"action": action, **body}
        made: models.Plan | None = self._transport.send("POST", f"{paths.service(path)}/plan", json=body)
        return made

    def deploy(
        self, path: str, *, queue: str = "", require_zero_downtime: bool = False, **revision: str
    ) -> models.Deployment:
        """Ask for a deployment; `ref`, `upload` or `image` say of what."""
        address, params = paths.pipeline(path)
        body: dict[str, Any] = {name: value for name, value in revision.items() if value}
        body |= {"require_zero_downtime": require_zero_downtime}
        return self._ask(models.Deployment, "POST", f"{address}/deploy", params=params | {"queue": queue}, json=body)

    def rollback(
        self, path: str, version: int | None = None, *, config: str = "snapshot", require_zero_downtime: bool = False
    ) -> models.Deployment:
        """Back to a release; without a number the one before. `config`: `snapshot` or `current`."""
        address, params = paths.pipeline(path)
        body = {"version": version, "config": config, "require_zero_downtime": require_zero_downtime}
        return self._ask(models.Deployment, "POST", f"{address}/rollback", params=params, json=body)

    def redeploy(self, path: str, *, ref: str = "", require_zero_downtime: bool = False) -> models.Deployment:
        """What is live once more, or another git ref."""
        address, params = paths.pipeline(path)
        body = {"ref": ref, "require_zero_downtime": require_zero_downtime}
        return self._ask(models.Deployment, "POST", f"{address}/redeploy", params=params, json=body)

    def reconfigure(self, path: str, *, require_zero_downtime: bool = False) -> models.Deployment:
        """What is live, with today's config; what nothing is live of is deployed."""
        address, params = paths.pipeline(path)
        body = {"require_zero_downtime": require_zero_downtime}
        return self._ask(models.Deployment, "POST", f"{address}/reconfigure", params=params, json=body)

    def retry(self, deployment_id: str) -> models.Deployment:
        """One that failed once more; returns the new one."""
        return self._ask(models.Deployment, "POST", f"/deployments/{deployment_id}/retry")

    def promote_release(self, source: str, target: str, **body: Any) -> models.Deployment:
        """A release of `source` goes live in `target`; `version`, `rebuild` and so on as the API takes them."""
        address, params = paths.pipeline(target)
        return self._ask(
            models.Deployment, "POST", f"{address}/promote", params=params, json={"source": source, **body}
        )

    def status(self, path: str, number: int | None = None) -> models.Status:
        """The stage table of a deployment, the newest by default."""
        address, params = paths.pipeline(path)
        return self._ask(models.Status, "GET", f"{address}/status", params=params | {"deployment": number})

    def deployments(self, path: str, *, limit: int = 20, before: int | None = None) -> models.DeploymentPage:
        """Newest first."""
        params = {"limit": limit, "before": before}
        return self._ask(models.DeploymentPage, "GET", f"{paths.service(path)}/deployments", params=params)

    def deployment(self, deployment_id: str) -> models.Deployment:
        """One with its steps."""
        return self._ask(models.Deployment, "GET", f"/deployments/{deployment_id}")

    def explanation(self, deployment_id: str) -> models.Explanation:
        """Why one is as it is."""
        return self._ask(models.Explanation, "GET", f"/deployments/{deployment_id}/explanation")

    def promote(self, deployment_id: str) -> models.Deployment:
        """Send one that is ready its traffic."""
        return self._ask(models.Deployment, "POST", f"/deployments/{deployment_id}/promote")

    def cancel(self, deployment_id: str) -> models.Deployment:
        """Ask for it to stop."""
        return self._ask(models.Deployment, "POST", f"/deployments/{deployment_id}/cancel")

    def watch(self, deployment_id: str) -> Iterator[Event]:
        """Events `deployment` (a `Deployment`) and `log` (a `StepText`) until it is over."""
        return self._follow(f"/deployments/{deployment_id}/events")

    def step_log(self, deployment_id: str, step: str) -> str:
        """All of it."""
        parts: list[str] = []
        offset = 0
        while True:
            address = f"/deployments/{deployment_id}/steps/{step}/log"
            text, headers = self._transport.text(address, params={"offset": offset})
            if not text:
                return "".join(parts)
            parts.append(text)
            offset = int(headers["X-Next-Offset"])
