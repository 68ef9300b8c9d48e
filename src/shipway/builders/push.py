"""Pushing through the engine: the credential travels in a header of one request, never in an argument or a file."""

import re
from contextlib import suppress
from typing import Any

import aiodocker

from shipway.domain.credential import Credential
from shipway.domain.errors import DeployFailed, Unavailable
from shipway.domain.log import Log

_DIGEST = re.compile(r"digest: (sha256:[0-9a-f]{64})")
_DENIED = re.compile(r"(?i)denied|unauthori[sz]ed|authentication required|no basic auth|\b40[13]\b|insufficient_scope")
_SETTLED = ("Pushed", "Layer already exists", "Mounted from")


class PushLog:
    """Tells a push's progress in a few lines, and finds the digest at its end."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._layers: set[str] = set()
        self._settled: set[str] = set()
        self.digest = ""

    def read(self, message: dict[str, Any]) -> None:
        """Take in one message of the engine."""
        status, layer = str(message.get("status", "")), message.get("id", "")
        self.digest = (message.get("aux") or {}).get("Digest") or self._digest_in(status) or self.digest
        if not layer or layer in self._settled:
            return
        self._layers.add(layer)
        if status.startswith(_SETTLED):
            self._settled.add(layer)
            self._log(f"{layer} {status[0].lower()}{status[1:]} ({len(self._settled)} of {len(self._layers)})")

    def _digest_in(self, status: str) -> str:
        match = _DIGEST.search(status)
        return match[1] if match else ""


async def push(docker: aiodocker.Docker, tag: str, reference: str, credential: Credential, log: Log) -> str:
    """Name the local image `tag` also `reference`, push it, and return its digest; see `Builder.push`."""
    await _name(docker, tag, reference)
    log(f"pushing {reference}")
    progress = PushLog(log)
    auth = {"username": credential.username, "password": credential.password}
    try:
        async for message in docker.images.push(reference, auth=auth, stream=True):
            progress.read(message)
    except aiodocker.DockerError as error:
        with suppress(aiodocker.DockerError):  # a name that leads nowhere would keep the image from being pruned
            await docker.images.delete(reference)
        raise _translated(reference, error) from error
    if not progress.digest:
        raise Unavailable(f"The push of {reference} broke off.", hint="Is the engine or the registry being restarted?")
    log(f"pushed {reference} as {progress.digest}")
    return progress.digest


async def _name(docker: aiodocker.Docker, tag: str, reference: str) -> None:
    repository, _, label = reference.rpartition(":")
    try:
        await docker.images.tag(tag, repository, tag=label)
    except aiodocker.DockerError as error:
        if error.status != 404:
            raise
        raise DeployFailed(
            f"The image {tag} is no longer on this machine.",
            code="built-image-missing",
            hint="Something pruned it between build and push. Deploy again: it is built anew, from the cache.",
        ) from error


def _translated(reference: str, error: aiodocker.DockerError) -> DeployFailed | Unavailable:
    host = reference.partition("/")[0]
    if _DENIED.search(error.message):
        return DeployFailed(
            f"The registry {host} refused the push of {reference}.",
            code="push-denied",
            hint="The credential may not push there; for a registry of your own, check its account.",
            evidence=(error.message,),
        )
    return Unavailable(f"{reference} could not be pushed: {error.message}", hint=f"Is the registry at {host} running?")
