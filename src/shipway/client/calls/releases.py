"""Releases."""

from shipway.client import models
from shipway.client.calls import paths
from shipway.client.calls.asking import Asking


class Releases(Asking):
    """What each holds, and what is different between two."""

    def releases(self, path: str, *, limit: int = 20) -> list[models.Release]:
        """Newest first."""
        return self._ask(list[models.Release], "GET", f"{paths.service(path)}/releases", params={"limit": limit})

    def release(self, path: str, number: int) -> models.ReleaseDetail:
        """One with everything that it holds."""
        return self._ask(models.ReleaseDetail, "GET", f"{paths.service(path)}/releases/{number}")

    def pin_release(self, path: str, number: int, *, pinned: bool) -> models.ReleaseDetail:
        """Have its image stay whatever the retention says, or no longer."""
        address = f"{paths.service(path)}/releases/{number}/pin"
        return self._ask(models.ReleaseDetail, "PUT" if pinned else "DELETE", address)

    def difference(self, path: str, before: int, after: int) -> models.Difference:
        """What is different in `after`."""
        address = f"{paths.service(path)}/releases/{after}/difference"
        return self._ask(models.Difference, "GET", address, params={"since": before})
