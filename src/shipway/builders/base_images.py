"""Which images a build really stood on: by digest, wherever one can be had."""

from collections.abc import Mapping, Sequence
from typing import Any

import aiodocker

from shipway.builders.docker_api import connect
from shipway.domain.build import BaseImage
from shipway.domain.errors import Unavailable


async def base_images(images: Sequence[str], resolved: Mapping[str, str], docker_host: str) -> tuple[BaseImage, ...]:
    """The images that a Dockerfile names, each with its digest.

    One that the engine at `docker_host` has was taken from there: its registry's digest, or the engine's id when it never
    was in a registry. Any other was `resolved` by the build: digest by BuildKit's spelling of the reference.
    """
    found = []
    async with connect(docker_host) as docker:
        for reference in images:
            digest = await _on_engine(docker, reference) or resolved.get(full_name(reference), "")
            found.append(BaseImage(reference, digest))
    return tuple(found)


def full_name(reference: str) -> str:
    """As BuildKit spells it: `python` is `docker.io/library/python:latest`."""
    name = reference.partition("@")[0]
    host, slash, rest = name.partition("/")
    if not slash:
        name = f"docker.io/library/{name}"
    elif not ("." in host or ":" in host or host == "localhost"):
        name = f"docker.io/{name}"
    elif host in ("index.docker.io", "docker.io"):
        name = f"docker.io/{rest}" if "/" in rest else f"docker.io/library/{rest}"
    return name if ":" in name.rpartition("/")[2] or "@" in reference else f"{name}:latest"


async def _on_engine(docker: aiodocker.Docker, reference: str) -> str:
    if "@" in reference:
        return reference.partition("@")[2]
    try:
        image: dict[str, Any] = await docker.images.inspect(reference)
    except aiodocker.DockerError as error:
        # A name that no engine would have is none of an image of it.
        if error.status not in (400, 404):
            raise Unavailable(f"The engine can't look at {reference}: {error.message}") from error
        return ""
    of_registry = [known.partition("@")[2] for known in image.get("RepoDigests") or ()]
    return of_registry[0] if of_registry else str(image["Id"])
