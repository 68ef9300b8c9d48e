"""Images that come out the same whenever they are built, of services that give their builds a time (decision 26)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiodocker

from shipway.builders.builder import EPOCH, BuildRequest
from shipway.builders.docker_api import connect
from shipway.builders.temporary import temporary
from shipway.domain.errors import BuildFailed, Unavailable

_SECONDS = re.compile(r"\d{1,10}")
#: The engine's own exporter refuses to do this: "rewrite-timestamp" conflicts with "unpack" (moby/buildkit#4230).
_OUTPUT = "type=oci,rewrite-timestamp=true,dest="


def wanted(request: BuildRequest) -> bool:
    """Whether the image is to tell one time only. Raises `BuildFailed` where that is none."""
    value = request.arguments.get(EPOCH)
    if value is not None and not _SECONDS.fullmatch(value):
        raise BuildFailed(
            f"The build argument {EPOCH} is {value[:40]!r}, which is no number of seconds since 1970.",
            code="invalid",
            hint=f"`shipway config set --buildtime {EPOCH}=1700000000`, or `shipway config unset {EPOCH}`.",
        )
    return value is not None


@contextmanager
def archive(directory: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """A file below `directory` for an image, as long as the block, and the client's options to have it written there.

    In it no file that the build made, and nothing in its config, is younger than `EPOCH` says.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with temporary("image-", directory) as place:
        path = place / "image.tar"
        yield path, ("--output", f"{_OUTPUT}{path}")


async def load(docker_host: str, path: Path) -> None:
    """Have the engine take the image in, by the name that the archive has for it. Raises `Unavailable`."""
    async with connect(docker_host) as docker:
        try:
            with path.open("rb") as file:
                async for message in docker.images.import_image(file, stream=True):
                    if trouble := message.get("error"):
                        raise _not_stored(trouble)
        except aiodocker.DockerError as error:
            raise _not_stored(error.message) from error


def _not_stored(why: str) -> Unavailable:
    return Unavailable(
        f"The image that was built could not be stored: {why}",
        hint="Is the build disk full? `shipway builds prune` empties its cache.",
    )
