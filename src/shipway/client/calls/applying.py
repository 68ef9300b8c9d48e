"""An environment as a file."""

from collections.abc import Mapping

from shipway.client import models
from shipway.client.calls import paths
from shipway.client.calls.asking import Asking


class Applying(Asking):
    """Make an environment what a `shipway.toml` says, or write it down as one."""

    def apply(
        self,
        path: str,
        text: str,
        files: Mapping[str, str],
        *,
        name: str = "shipway.toml",
        plan: bool = False,
        prune: bool = False,
        deploy: bool = False,
        bins: bool = False,
        expected: str = "",
    ) -> models.Applied:
        """All of it or nothing. `files`: what is in those that it names, by the path that it names them by. `expected`: a
        plan's digest, for just the changes that it told."""
        params = {"plan": plan, "prune": prune, "deploy": deploy, "bins": bins, "expected": expected}
        body = {"text": text, "files": dict(files), "name": name}
        return self._ask(models.Applied, "POST", f"{paths.environment(path)}/apply", params=params, json=body)

    def export(self, path: str) -> str:
        """A `shipway.toml` that makes another environment like this one, without secrets."""
        return self._transport.text(f"{paths.environment(path)}/export")[0]
