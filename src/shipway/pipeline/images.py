"""Which images a workspace may run: any that a registry hands out to everybody, and its own."""

import re

from shipway.domain.errors import Invalid
from shipway.domain.names import ServicePath
from shipway.pipeline.platform import Platform

_BARE_ID = re.compile(r"(sha256:)?[0-9a-f]{12,64}")
_UNREADABLE = re.compile(r"[^\x21-\x7e]")


def refuse_foreign_image(platform: Platform, path: ServicePath, reference: str) -> None:
    """Raise `Invalid` for what would reach into another workspace: images of the built-in registry under its name, and
    what only the engine's own store knows, which all workspaces share."""
    if not reference or _UNREADABLE.search(reference):
        raise Invalid(f"{reference!r} is no image reference.", hint="Write registry/name:tag, e.g. redis:7.")
    registry = platform.registry.repository("", "").rstrip("/")
    own = platform.registry.repository(path.workspace, "")
    inside = reference == registry or reference.startswith(f"{registry}/")
    local = _BARE_ID.fullmatch(reference) or reference.startswith(f"{platform.settings.installation}-build/")
    if local or (inside and not reference.startswith(own)):
        raise Invalid(
            f"{reference} is not an image that {path.workspace} may run.",
            hint=f"Name one of a public registry, or your own: {own}…",
        )
