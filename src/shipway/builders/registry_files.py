"""Credentials of private registries in the forms that their clients read. Pure; the texts are secrets."""

import base64
import json
import re
from collections.abc import Iterable, Sequence

from shipway.domain.registries import DOCKER_HUB, TOKEN_USER, RegistryCredential

#: What Docker's clients call Docker Hub in their configuration.
_DOCKER_HUB_KEY = "https://index.docker.io/v1/"
_REGISTRY_LINE = re.compile(r"""(?m)^\s*"?(?:@[^:=\s"]+:)?registry"?\s*[=\s]\s*"?(https?://[^\s"]+)""")


def netrc(credentials: Iterable[RegistryCredential]) -> str:
    """For pip, uv, Poetry, PDM, Go, git and curl. Most of them look for a host without its port, some with it."""
    lines = []
    for credential in credentials:
        names = dict.fromkeys((credential.host, credential.host.partition(":")[0]))
        lines += [f"machine {name} login {credential.username} password {credential.password}\n" for name in names]
    return "".join(lines)


def npmrc(credentials: Sequence[RegistryCredential], registries: Iterable[str] = ()) -> str:
    """For npm, pnpm, Yarn 1, Bun and Deno. npm looks a registry's URL up part by part; Yarn 1 wants all of it, so those
    that the source names (`registries`) are written out."""
    wheres = {credential.host: [f"//{credential.host}/"] for credential in credentials}
    for url in registries:
        host, _, path = url.partition("://")[2].partition("/")
        if host in wheres and path.strip("/"):
            wheres[host].append(f"//{host}/{path.strip('/')}/")
    return "".join(
        f"{where}:{setting}\n"
        for credential in credentials
        for where in dict.fromkeys(wheres[credential.host])
        for setting in (_npm_auth(credential), "always-auth=true")
    )


def docker_config(credentials: Iterable[RegistryCredential]) -> str:
    """A Docker client's config.json: for base images."""
    auths = {
        _DOCKER_HUB_KEY if credential.host == DOCKER_HUB else credential.host: {"auth": _basic(credential)}
        for credential in credentials
    }
    return json.dumps({"auths": auths})


def named_registries(text: str) -> list[str]:
    """The URLs of registries that a .npmrc or .yarnrc names."""
    return _REGISTRY_LINE.findall(text)


def spellings(credential: RegistryCredential) -> tuple[str, ...]:
    """All that a log must not show of it."""
    return credential.password, _basic(credential)


def _npm_auth(credential: RegistryCredential) -> str:
    if credential.username == TOKEN_USER:
        return f"_authToken={credential.password}"
    return f"_auth={_basic(credential)}"


def _basic(credential: RegistryCredential) -> str:
    return base64.b64encode(f"{credential.username}:{credential.password}".encode()).decode()
