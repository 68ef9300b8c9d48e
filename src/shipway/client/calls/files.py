"""Config files."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from shipway.client import models
from shipway.client.calls import paths
from shipway.client.calls.asking import Asking

_NONE: Mapping[str, str] = MappingProxyType({})


class Files(Asking):
    """Text that a service's instances find under `/etc/config`."""

    def files(self, path: str) -> list[models.File]:
        """All, by path."""
        return self._ask(list[models.File], "GET", f"{paths.service(path)}/files")

    def file(self, path: str, name: str) -> models.FileContent:
        """One, with what is in it."""
        return self._ask(models.FileContent, "GET", f"{paths.service(path)}/files/content", params={"file": name})

    def file_history(self, path: str, name: str = "") -> list[models.FileChange]:
        """The last changes, newest first; of one file, or of all."""
        params = {"file": name} if name else {}
        return self._ask(list[models.FileChange], "GET", f"{paths.service(path)}/files/history", params=params)

    def change_files(
        self, path: str, *, files: Mapping[str, str] = _NONE, delete: Sequence[str] = (), deploy: bool = True
    ) -> models.FilesChanged:
        """All changes or none; `deploy`: running instances see them, without a restart."""
        body = {"set": dict(files), "delete": list(delete), "deploy": deploy}
        return self._ask(models.FilesChanged, "PATCH", f"{paths.service(path)}/files", json=body)
