"""Images: found on the engine or pulled, and what is to be known of them."""

from collections.abc import Callable
from typing import Any

from aiodocker import DockerError

from shipway.domain.credential import Credential
from shipway.domain.errors import DeployFailed, Unavailable
from shipway.domain.locks import Locks
from shipway.engines.docker.connection import Connection, is_gone
from shipway.engines.docker.render import LocalImage

Credentials = Callable[[str], Credential | None]

#: What registries and Docker say, in lower case. "Denied" comes first: Docker Hub says both of a private repository.
_DENIED = ("denied", "unauthorized", "authentication required", "no basic auth", "forbidden", "incorrect username")
_NOT_FOUND = (
    "not found",
    "manifest unknown",
    "name unknown",
    "no such image",
    "does not exist",
    "invalid reference format",
    "no matching manifest",
    "repository name must be",
)


class Images:
    """The engine's images. An image is pulled once, however many instances wait for it."""

    def __init__(self, connection: Connection, credentials: Credentials) -> None:
        self._connection = connection
        self._credentials = credentials
        self._known: dict[str, LocalImage] = {}
        self._locks = Locks()

    async def ensure(self, reference: str) -> LocalImage:
        """Pull `reference` when the engine has it not. Raises `DeployFailed` (`image-not-found`, `image-pull-denied`)."""
        if reference not in self._known:
            config = (await self._inspect_or_pull(reference))["Config"]
            entrypoint, command = (tuple(config.get(field) or ()) for field in ("Entrypoint", "Cmd"))
            self._known[reference] = LocalImage(entrypoint, command, config.get("User") or "")
        return self._known[reference]

    def forget(self, reference: str) -> None:
        """Look again next time: someone removed the image."""
        self._known.pop(reference, None)

    async def remove(self, reference: str) -> bool:
        """See `KeepsImages.remove_image`."""
        async with self._locks(reference):
            self.forget(reference)
            try:
                await self._connection.docker.images.delete(reference)
            except DockerError as error:
                if is_gone(error) or error.status not in (404, 409):
                    raise
                return error.status == 404
        return True

    async def resolve(self, reference: str) -> tuple[str, int]:
        """See `InspectsImages.resolve_image`."""
        if "@" not in reference:
            await self._pull_if_possible(reference)
        image = await self._inspect_or_pull(reference)
        return by_digest(reference, image), exposed_port(image)

    async def _inspect_or_pull(self, reference: str) -> dict[str, Any]:
        async with self._locks(reference):
            try:
                return await self._connection.docker.images.inspect(reference)
            except DockerError as error:
                if is_gone(error) or error.status >= 500:
                    raise
            await self._pull(reference)
            return await self._connection.docker.images.inspect(reference)

    async def _pull_if_possible(self, reference: str) -> None:
        """A registry that is away, or never had it, says nothing about an image that is present."""
        try:
            async with self._locks(reference):
                await self._pull(reference)
        except (DeployFailed, Unavailable) as failure:
            try:
                await self._connection.docker.images.inspect(reference)
            except DockerError:
                raise failure from None

    async def _pull(self, reference: str) -> None:
        credential = self._credentials(reference)
        auth = {"username": credential.username, "password": credential.password} if credential else None
        try:
            await self._connection.docker.images.pull(reference, auth=auth)
        except DockerError as error:
            if is_gone(error):
                raise
            raise pull_error(reference, error.message) from error


def by_digest(reference: str, image: dict[str, Any]) -> str:
    """`name@sha256:…` of the repository that `reference` names, or the image's own id when it was never in it."""
    repository = _repository(reference)
    digests: list[str] = image.get("RepoDigests") or []
    return next((digest for digest in digests if _repository(digest) == repository), image["Id"])


def exposed_port(image: dict[str, Any]) -> int:
    """The one TCP port the image EXPOSEs; 0 for none or several."""
    ports = [port.removesuffix("/tcp") for port in image["Config"].get("ExposedPorts") or {}]
    numbers = [int(port) for port in ports if port.isdecimal()]
    return numbers[0] if len(numbers) == 1 else 0


def pull_error(reference: str, message: str) -> DeployFailed | Unavailable:
    """Why an image could not be pulled: the user's to correct, or the world's and perhaps better soon."""
    said = message.lower()
    if any(word in said for word in _DENIED):
        return DeployFailed(
            f"The registry refused to hand out {reference}.",
            code="image-pull-denied",
            hint="Check that the name is right and that the image is public or in the built-in registry.",
            evidence=(message,),
        )
    if any(word in said for word in _NOT_FOUND):
        return DeployFailed(
            f"There is no image {reference}.",
            code="image-not-found",
            hint="Check its name and tag or digest; it may have been removed from the registry.",
            evidence=(message,),
        )
    return Unavailable(f"{reference} can't be pulled now: {message}.", hint="Check that its registry can be reached.")


def _repository(reference: str) -> str:
    name = reference.partition("@")[0]
    path, slash, last = name.rpartition("/")
    return (path + slash + last.partition(":")[0]).removeprefix("docker.io/").removeprefix("library/")
