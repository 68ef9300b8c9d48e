"""What deploys by itself: webhooks, deploy URLs, and which pushes count."""

from collections.abc import Sequence

from shipway.client import models
from shipway.client.calls import paths
from shipway.client.calls.asking import Asking


class Triggers(Asking):
    """Webhooks of a workspace, deploy URLs of a service."""

    def webhooks(self, workspace: str) -> list[models.Webhook]:
        """A workspace's, without their secrets."""
        return self._ask(list[models.Webhook], "GET", paths.in_workspace(workspace, "webhooks"))

    def create_webhook(self, workspace: str, kind: str) -> models.NewWebhook:
        """A new one."""
        return self._ask(models.NewWebhook, "POST", paths.in_workspace(workspace, "webhooks"), json={"kind": kind})

    def remove_webhook(self, workspace: str, webhook: str) -> None:
        """Forget one, with what it told."""
        self._transport.send("DELETE", paths.in_workspace(workspace, "webhooks", webhook))

    def deliveries(self, workspace: str, *, webhook: str = "", limit: int = 50) -> list[models.Delivery]:
        """What a workspace's webhooks told, newest first."""
        asked = {"webhook": webhook, "limit": limit}
        return self._ask(list[models.Delivery], "GET", paths.in_workspace(workspace, "deliveries"), params=asked)

    def deploy_urls(self, path: str) -> list[models.DeployUrl]:
        """A service's, without their tokens."""
        return self._ask(list[models.DeployUrl], "GET", f"{paths.service(path)}/deploy-urls")

    def create_deploy_url(self, path: str, label: str) -> models.NewDeployUrl:
        """A new one."""
        return self._ask(models.NewDeployUrl, "POST", f"{paths.service(path)}/deploy-urls", json={"label": label})

    def remove_deploy_url(self, path: str, url: str) -> None:
        """Make one worthless."""
        self._transport.send("DELETE", f"{paths.service(path)}/deploy-urls/{url}")

    def auto_deploy(self, path: str) -> models.AutoDeploy:
        """Which pushes a service deploys by itself."""
        return self._ask(models.AutoDeploy, "GET", f"{paths.service(path)}/auto-deploy")

    def set_auto_deploy(
        self, path: str, state: str | None = None, *, branch: str | None = None, patterns: Sequence[str] | None = None
    ) -> models.AutoDeploy:
        """Change what is given: `on`, `off` or `held`; whose pushes count, and which paths."""
        given = {"state": state, "branch": branch, "paths": None if patterns is None else list(patterns)}
        return self._ask(models.AutoDeploy, "PUT", f"{paths.service(path)}/auto-deploy", json=given)
