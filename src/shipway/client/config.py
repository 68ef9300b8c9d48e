"""What the command line remembers: servers with their tokens, and which directory is which service. Readable by you alone."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from shipway.client.errors import ClientError


def default_path() -> Path:
    """`$SHIPWAY_CONFIG`, else `~/.config/shipway/config.json`."""
    if configured := os.environ.get("SHIPWAY_CONFIG"):
        return Path(configured)
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "shipway/config.json"


@dataclass(frozen=True, slots=True)
class Config:
    """The file's content."""

    #: Token by server URL.
    tokens: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: Server that commands go to; empty when none is known.
    default: str = ""
    #: Service path by absolute directory.
    links: Mapping[str, str] = field(default_factory=dict)

    def link(self, directory: Path) -> str:
        """The service that a directory, or the nearest one above it, is linked to; empty for none."""
        directory = directory.resolve()
        return next((self.links[str(at)] for at in (directory, *directory.parents) if str(at) in self.links), "")

    def linked_root(self, directory: Path) -> Path | None:
        """The directory that the link was made in."""
        directory = directory.resolve()
        return next((at for at in (directory, *directory.parents) if str(at) in self.links), None)

    def with_server(self, url: str, token: str) -> "Config":
        """With this server known, and the one that commands go to."""
        return replace(self, tokens={**self.tokens, url: token}, default=url)

    def with_link(self, directory: Path, path: str) -> "Config":
        """With a directory linked."""
        return replace(self, links={**self.links, str(directory.resolve()): path})

    def without_link(self, directory: Path) -> "Config":
        """With a directory's own link gone."""
        return replace(self, links={at: path for at, path in self.links.items() if at != str(directory)})


def load(path: Path | None = None) -> Config:
    """What is remembered; raises `ClientError` when the file can't be read."""
    path = path or default_path()
    try:
        return _decoded(json.loads(path.read_text()))
    except FileNotFoundError:
        return Config()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ClientError(
            f"{path} can't be read: {error}.", hint="Correct it, or remove it and log in again: `shipway login URL`."
        ) from error


def change(edit: Callable[[Config], Config], path: Path | None = None) -> Config:
    """Read, edit and write the file as one act, whoever else does so at the same time."""
    path = path or default_path()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(path.with_name(f".{path.name}.lock")):
            config = edit(load(path))
            _replace(path, json.dumps(_encoded(config), indent=2) + "\n")
    except OSError as error:
        raise ClientError(
            f"{path} can't be written: {error.strerror}.", hint="Set SHIPWAY_CONFIG to another file."
        ) from error
    return config


def _decoded(data: Mapping[str, Any]) -> Config:
    tokens = {url: str(server["token"]) for url, server in data.get("servers", {}).items()}
    return Config(tokens, str(data.get("default", "")), dict(data.get("links", {})))


def _encoded(config: Config) -> dict[str, Any]:
    servers = {url: {"token": token} for url, token in config.tokens.items()}
    return {"servers": servers, "default": config.default, "links": dict(config.links)}


def _replace(path: Path, content: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content)
    temporary.replace(path)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
