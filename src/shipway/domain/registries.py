"""Private registries that builds may read from: what a workspace knows of each (S3.6)."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from shipway.domain.errors import Invalid
from shipway.domain.names import host as host_name

#: What a credential is for: base images, packages, or whatever its host has.
RegistryKind = Literal["any", "image", "packages"]

#: Stands where a user name is wanted and there is none but a token.
TOKEN_USER = "__token__"  # noqa: S105 - a name
#: Docker's public registry by all its names.
DOCKER_HUB = "docker.io"
_DOCKER_HUB_NAMES = (DOCKER_HUB, "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com")
_WITH_PORT = re.compile(r"(.+):([0-9]+)")


@dataclass(frozen=True, slots=True)
class RegistryCredential:
    """What one registry is told. A workspace has at most one for a host."""

    #: `npm.example.com`, or `npm.example.com:8443`.
    host: str
    #: `TOKEN_USER` for a bare token.
    username: str
    password: str = field(repr=False)
    kind: RegistryKind = "any"

    @property
    def for_images(self) -> bool:
        """Whether base images are pulled with it."""
        return self.kind != "packages"

    @property
    def for_packages(self) -> bool:
        """Whether installers are told it."""
        return self.kind != "image"


@dataclass(frozen=True, slots=True)
class KnownRegistry:
    """A credential as it can be looked at: without its password."""

    host: str
    username: str
    kind: RegistryKind
    updated_at: datetime
    updated_by: str


def registry_host(value: str) -> str:
    """Return a registry's `host` or `host:port` in its usual form, or raise `Invalid`."""
    found = _WITH_PORT.fullmatch(value.strip())
    name, port = (found[1], int(found[2])) if found else (value, 0)
    if port > 65535 or (found and not port):
        raise Invalid(f"{value!r} has no possible port.", hint="Give one from 1 to 65535: npm.example.com:8443.")
    name = host_name(name)
    if name in _DOCKER_HUB_NAMES:
        return DOCKER_HUB
    return f"{name}:{port}" if port else name


def check_credential(credential: RegistryCredential) -> RegistryCredential:
    """Return it, or raise `Invalid` when a file that tells it to a build could not hold it. Says nothing of the password."""
    for what, text in (("user name", credential.username), ("password", credential.password)):
        if not text:
            raise Invalid(f"The {what} is empty.", hint="Where there is only a token, leave out the user name.")
        if any(character.isspace() or not character.isprintable() for character in text):
            raise Invalid(f"The {what} holds a space or a control character.", hint="Is there a line end too many?")
        # npm is told a bare token as it is, and takes what follows a semicolon for a comment.
        misread = '"\\#;' if credential.username == TOKEN_USER else '"\\#'
        if credential.for_packages and any(character in text for character in misread):
            raise Invalid(
                f"The {what} holds one of {' '.join(misread)}, which installers read differently from one another.",
                hint="Use an access token of that registry instead, or --kind image for base images alone.",
            )
    if credential.for_images and ":" in credential.username:
        raise Invalid("The user name holds a colon, which would end it.", hint="Was the password meant to follow it?")
    return credential
