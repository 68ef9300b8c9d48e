"""How what goes into a build reaches the client: names in its arguments, values in its environment, which only root and
its own user can read."""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from shipway.builders.builder import NETRC_SECRET, NPMRC_SECRET, BuildRequest
from shipway.builders.registry_files import docker_config, named_registries, netrc, npmrc
from shipway.domain.errors import BuildFailed

#: Variables by which a secret's value reaches the client: `…_0`, `…_1`. No config var has such a name.
_SECRET_VARIABLE = "SHIPWAY_BUILD_SECRET"  # noqa: S105 - a name
#: What the client itself goes by: as a build argument's name, it would change what runs on this machine.
_STEERING = re.compile(
    r"PATH|HOME|TMPDIR|TZDIR|HOSTALIASES|LOCALDOMAIN|RES_OPTIONS|TRACEPARENT"
    r"|GO(?:DEBUG|GC|MEMLIMIT|MAXPROCS|TRACEBACK|COVERDIR|RACE)"
    r"|(?:DOCKER|BUILDX|BUILDKIT|EXPERIMENTAL|COMPOSE|MOBY|LD|SSL_CERT|XDG|OTEL|GRPC|GLIBC|MALLOC|SSH|GIT_CONFIG|GIT_SSH|SHIPWAY)_.*"
    r"|GIT_(?:DIR|WORK_TREE|EXEC_PATH|ASKPASS|EXTERNAL_DIFF|PROXY_COMMAND)"
    r"|(?:HTTPS?|FTP|ALL|NO)_PROXY",
    re.IGNORECASE,
)
_NPM_FILES = (".npmrc", ".yarnrc")
_NPM_VARIABLES = ("npm_config_registry", "yarn_registry")


def steers_the_client(name: str) -> bool:
    """Whether a variable of this name can't be a build argument."""
    return bool(_STEERING.fullmatch(name))


def options(request: BuildRequest) -> list[str]:
    """Options that name the inputs. They hold no value."""
    arguments = [option for name in (*request.arguments, *request.proxies) for option in ("--build-arg", name)]
    ids = [f"id={name},env={_SECRET_VARIABLE}_{number}" for number, name in enumerate(_secrets(request))]
    return [*arguments, *(option for each in ids for option in ("--secret", each))]


def environment(request: BuildRequest, engine: str) -> dict[str, str]:
    """The variables that hold the values. `engine` is its address: the way there leads through no proxy.

    Raises `BuildFailed` for an argument that would steer the client.
    """
    if steering := [name for name in request.arguments if steers_the_client(name)]:
        raise BuildFailed(
            f"{steering[0]} can't be a build argument: it would steer the builder itself.",
            code="invalid",
            hint=f"`shipway config set --no-buildtime {steering[0]}=…`, and another name for the build.",
        )
    values = _secrets(request).values()
    secrets = {f"{_SECRET_VARIABLE}_{number}": value for number, value in enumerate(values)}
    return dict(request.arguments) | _proxies(request.proxies, engine) | secrets


def client_config(request: BuildRequest) -> str:
    """The client's config.json; empty when it needs none."""
    credentials = [credential for credential in request.registries if credential.for_images]
    return docker_config(credentials) if credentials else ""


def _secrets(request: BuildRequest) -> dict[str, str]:
    """Values by id. What can't be decoded is passed on byte for byte all the same."""
    own = {name: value.decode(errors="surrogateescape") for name, value in request.secrets.items()}
    packages = [credential for credential in request.registries if credential.for_packages]
    if not packages:
        return own
    return own | {NETRC_SECRET: netrc(packages), NPMRC_SECRET: npmrc(packages, npm_registries(request))}


def npm_registries(request: BuildRequest) -> list[str]:
    """URLs that the source's own files and the build's arguments name."""
    root = request.directory.resolve()
    folders = dict.fromkeys((root, (root / request.analysis.context).resolve()))
    files = [(folder / name).resolve() for folder in folders for name in _NPM_FILES]
    texts = [_text(path) for path in files if path.is_relative_to(root)]
    by_argument = [value for name, value in request.arguments.items() if name.lower() in _NPM_VARIABLES]
    return [*(url for text in texts for url in named_registries(text)), *by_argument]


def _text(path: Path) -> str:
    return path.read_text("utf-8-sig", errors="replace") if path.is_file() else ""


def _proxies(proxies: Mapping[str, str], engine: str) -> dict[str, str]:
    host = urlsplit(engine).hostname if engine.startswith(("tcp:", "http:", "https:")) else ""
    return {
        name: ",".join(filter(None, (value, host))) if name.lower() == "no_proxy" else value
        for name, value in proxies.items()
    }
