"""What `build` and `push` return."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Built:
    """An image in the engine's own store, not pushed yet."""

    #: Build number n of the service; the tag is `v{n}`.
    number: int
    #: Commit or upload it was built from.
    revision: str
    #: Engine's content id, `sha256:…`.
    image_id: str
    #: Local name that keeps it from being pruned until it is pushed.
    local_tag: str
    seconds: float = 0.0

    @property
    def summary(self) -> str:
        """In one line, for the table of steps."""
        return f"v{self.number}"


@dataclass(frozen=True, slots=True)
class Image:
    """An image that can be run: always by digest."""

    #: `registry/workspace/name@sha256:…`, what the engine is given.
    reference: str
    #: `sha256:…`
    digest: str
    #: `v{n}` of the built-in registry, or the foreign reference as the user wrote it.
    label: str
    #: Build number; 0 for a foreign image.
    build: int = 0
    #: Port the image EXPOSEs; 0 for none or several.
    exposed_port: int = 0
    #: Commit or upload it was built from; empty for a foreign image.
    revision: str = ""

    @property
    def summary(self) -> str:
        """In one line, for the table of steps."""
        return f"{self.label}, {self.digest[:19]}"
