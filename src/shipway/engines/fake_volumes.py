"""Volumes in memory: what the fake engine's instances keep."""

from collections.abc import Mapping

from shipway.domain.errors import Unavailable
from shipway.domain.workload import Workload
from shipway.engines.fake_apps import Container


class FakeVolumes:
    """The volumes, and which of the engine's containers have them."""

    def __init__(self, containers: Mapping[str, Container]) -> None:
        #: Files by their path in it, by volume.
        self.contents: dict[str, dict[str, str]] = {}
        self._containers = containers

    def seen_by(self, instance: str, path: str) -> dict[str, str]:
        """What a running instance finds in its volume at `path`: to read, and to write."""
        container = self._containers[instance]
        assert container.state == "running", "nobody reads or writes in an instance that does not run"
        [volume] = [mount.volume for mount in container.workload.volumes if mount.path == path]
        return self.contents[volume]

    def make(self, workload: Workload) -> None:
        """Those of the workload that are missing, empty."""
        for volume in _of(workload):
            self.contents.setdefault(volume, {})

    def refuse_a_second(self, workload: Workload) -> None:
        """Raises `Unavailable` while another instance runs with one of the workload's."""
        for name, container in self._containers.items():
            other = name != workload.name and container.state != "exited"
            if other and _of(workload) & _of(container.workload):
                raise Unavailable(f"{workload.name} can't have a volume while {name} runs with it.")

    def remove(self, volume: str) -> bool:
        """False when a container has it."""
        if any(volume in _of(container.workload) for container in self._containers.values()):
            return False
        self.contents.pop(volume, None)
        return True

    def sizes(self) -> dict[str, int]:
        """Bytes, by volume."""
        return {name: sum(map(len, files.values())) for name, files in self.contents.items()}


def _of(workload: Workload) -> set[str]:
    return {mount.volume for mount in workload.volumes}
