"""Secrets."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import cast
from urllib.parse import quote

from shipway.client import models
from shipway.client.address import parse_environment
from shipway.client.calls import paths
from shipway.client.calls.asking import LONG, Asking

_NOTHING: Mapping[str, str | None] = MappingProxyType({})


class Secrets(Asking):
    """Secrets of environments, `workspace/project/environment`, and what services are given of them."""

    def secrets(self, environment: str) -> list[models.Secret]:
        """All of them, without their values."""
        return self._ask(list[models.Secret], "GET", _place(environment))

    def set_secret(self, environment: str, name: str, value: str) -> models.Secret:
        """A new version."""
        return self._ask(models.Secret, "PUT", _place(environment, name), json={"value": value})

    def revoke_secret(self, environment: str, name: str, version: int) -> models.Secret:
        """Forget a version's value for ever."""
        return self._ask(models.Secret, "POST", f"{_place(environment, name)}/versions/{version}/revoke")

    def delete_secret(self, environment: str, name: str) -> None:
        """With all its versions."""
        self._transport.send("DELETE", _place(environment, name))

    def bindings(self, path: str) -> models.Bindings:
        """What the service's next release is given, or by an environment all of them."""
        return self._ask(models.Bindings, "GET", paths.bindings(path))

    def bind(
        self,
        path: str,
        *,
        variables: Mapping[str, str | None] = _NOTHING,
        files: Mapping[str, str | None] = _NOTHING,
    ) -> models.Bindings:
        """All changes or none; `None`: no longer. An environment has no files."""
        body = {"variables": dict(variables)} | ({"files": dict(files)} if files else {})
        return self._ask(models.Bindings, "PATCH", paths.bindings(path), json=body)

    def rotate_key(self) -> int:
        """Seal all that is sealed with a new key; how many values."""
        return cast(int, self._transport.send("POST", "/sealing-key/rotate", timeout=LONG)["sealed"])


def _place(environment: str, name: str = "") -> str:
    address = parse_environment(environment)
    services = paths.under(address.workspace, address.project, address.environment)
    place = f"{services.removesuffix('/services')}/secrets"
    return f"{place}/{quote(name, safe='')}" if name else place
