"""Which images a workspace may run: any that a registry hands out to everybody, and its own."""

import re

from shipway.domain.errors import Invalid
from shipway.domain.names import ServicePath
from shipway.pipeline.platform import Platform

#: An engine finds an image by the beginning of its id, however short.
_BARE_ID = re.compile(r"(sha256:)?[0-9a-f]{1,64}")
#: Beside what can't be printed, what would make another question of the one that the engine is asked.
_UNREADABLE = re.compile(r"[^\x21-\x7e]|\.\.|[?#%]")
#: An engine leaves it out of the names that it keeps.
_DOCKER_HUB = re.compile(r"^(?:index\.)?docker\.io/")


def image_name(path: ServicePath) -> str:
    """What images built for a service are called within its workspace's part of the registry."""
    return f"{path.project}/{path.environment}/{path.service}"


def refuse_foreign_image(platform: Platform, path: ServicePath, reference: str) -> None:
    """Raise `Invalid` for what would reach into another workspace: images of the built-in registry under its name, and
    what only the engine's own store knows, which all workspaces share."""
    if not reference or _UNREADABLE.search(reference):
        raise Invalid(f"{reference!r} is no image reference.", hint="Write registry/name:tag, e.g. redis:7.")
    registry = platform.registry.repository("", "").rstrip("/")
    own = platform.registry.repository(path.workspace, "")
    inside = reference == registry or reference.startswith(f"{registry}/")
    built = _DOCKER_HUB.sub("", reference).startswith(f"{platform.settings.installation}-build/")
    if built or _BARE_ID.fullmatch(reference) or (inside and not reference.startswith(own)):
        raise Invalid(
            f"{reference} is not an image that {path.workspace} may run.",
            hint=f"Name one of a public registry, or your own: {own}…",
        )
