"""Volumes."""

from shipway.client import models
from shipway.client.calls import paths
from shipway.client.calls.asking import Asking


class Volumes(Asking):
    """What services keep."""

    def volumes(self, path: str) -> models.Volumes:
        """All of a service's, with their sizes."""
        return self._ask(models.Volumes, "GET", _volumes(path))

    def add_volume(self, path: str, name: str, at: str, process: str = "") -> models.Volumes:
        """Give the service one from the next deployment on, or change where it is."""
        return self._ask(models.Volumes, "PUT", _volumes(path), json={"name": name, "path": at, "process": process})

    def remove_volume(self, path: str, name: str) -> models.Volumes:
        """Have the next release do without."""
        return self._ask(models.Volumes, "DELETE", f"{_volumes(path)}/{name}")

    def restore_volume(self, path: str, volume_id: str) -> models.Volumes:
        """Take one out of the bin."""
        return self._ask(models.Volumes, "POST", f"{_volumes(path)}/bin/{volume_id}/restore")

    def purge_volume(self, path: str, volume_id: str) -> models.Volumes:
        """Remove one that is in the bin, for good."""
        return self._ask(models.Volumes, "DELETE", f"{_volumes(path)}/bin/{volume_id}")


def _volumes(path: str) -> str:
    return f"{paths.service(path)}/volumes"
