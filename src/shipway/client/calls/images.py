"""Images of a service's releases."""

from shipway.client import models
from shipway.client.calls import paths
from shipway.client.calls.asking import LONG, Asking


class Images(Asking):
    """Which stay, and which go."""

    def images(self, path: str, *, keep: int | None = None) -> list[models.ImageFate]:
        """Newest first, each with what would become of it now."""
        return self._ask(list[models.ImageFate], "GET", f"{paths.service(path)}/images", params={"keep": keep})

    def prune_images(self, path: str, *, keep: int | None = None) -> list[models.ImageFate]:
        """Remove those that go; what was decided of each."""
        address = f"{paths.service(path)}/images/prune"
        return self._ask(list[models.ImageFate], "POST", address, json={"keep": keep}, timeout=LONG)
