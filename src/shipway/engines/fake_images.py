"""Images in memory."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from hashlib import sha256

from shipway.domain.errors import DeployFailed
from shipway.engines.fake_apps import Container


class FakeImages:
    """`InspectsImages` and `KeepsImages`, for the fake engine. Every reference is an image, unless told otherwise."""

    _containers: Mapping[str, Container]

    def __init__(self) -> None:
        super().__init__()
        self.missing_images: set[str] = set()
        #: What it has pulled and not removed since.
        self.images: set[str] = set()
        self.denied_images: set[str] = set()
        #: Port an image EXPOSEs.
        self.exposed_ports: dict[str, int] = {}
        self._resolved: dict[str, str] = {}

    async def resolve_image(self, reference: str) -> tuple[str, int]:
        """See `InspectsImages.resolve_image`."""
        async with self._effect("resolve_image"):
            self._pull(reference)
            name, at, _ = reference.partition("@")
            resolved = reference if at else f"{name}@sha256:{sha256(reference.encode()).hexdigest()}"
            self._resolved[resolved] = reference
        return resolved, self.exposed_ports.get(reference, 0)

    async def remove_image(self, reference: str) -> bool:
        """See `KeepsImages.remove_image`."""
        async with self._effect("remove_image"):
            if any(container.workload.image == reference for container in self._containers.values()):
                return False
            self.images.discard(reference)
            return True

    def _pull(self, reference: str) -> None:
        if reference in self.denied_images:
            raise DeployFailed(f"The registry refused to hand out {reference}.", code="image-pull-denied")
        if reference in self.missing_images:
            raise DeployFailed(f"There is no image {reference}.", code="image-not-found")
        self.images.add(reference)

    def _asked_as(self, image: str) -> str:
        """The reference that was resolved to it; itself where none was."""
        return self._resolved.get(image, image)

    def _effect(self, verb: str) -> AbstractAsyncContextManager[None]:
        raise NotImplementedError
