"""Config vars: a service's or an environment's, by its path."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from shipway.client import models
from shipway.client.calls import paths
from shipway.client.calls.asking import Asking

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class ConfigVars(Asking):
    """What the next release and build are given."""

    def config(self, path: str, *, at: str = "") -> models.Config:
        """Config vars, and what only builds get; `at`: as it was at a moment, in ISO 8601 with its time zone."""
        return self._ask(models.Config, "GET", paths.config(path), params={"at": at})

    def change_config(
        self,
        path: str,
        *,
        values: Mapping[str, str] = _NOTHING,
        unset: Sequence[str] = (),
        buildtime: Mapping[str, bool] = _NOTHING,
        build_secrets: Mapping[str, str] = _NOTHING,
    ) -> models.Config:
        """All changes or none. An environment has no build secrets."""
        body: dict[str, Any] = {"set": dict(values), "unset": list(unset), "buildtime": dict(buildtime)}
        body |= {"build_secrets": dict(build_secrets)} if build_secrets else {}
        return self._ask(models.Config, "PATCH", paths.config(path), json=body)

    def config_changes(
        self, path: str, *, name: str = "", limit: int = 20, before: int | None = None
    ) -> models.VarChangePage:
        """Newest first."""
        params = {"name": name, "limit": limit, "before": before}
        return self._ask(models.VarChangePage, "GET", f"{paths.config(path)}/changes", params=params)
