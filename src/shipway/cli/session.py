"""Which server, and which service."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shipway.client import address, config
from shipway.client.errors import ClientError

if TYPE_CHECKING:
    from shipway.client.client import Client


def connect() -> "Client":
    """A client of the server that commands go to: `$SHIPWAY_SERVER` and `$SHIPWAY_TOKEN`, else the one logged in to last."""
    remembered = config.load()
    url = os.environ.get("SHIPWAY_SERVER") or remembered.default
    if not url:
        raise ClientError(
            "Not logged in to any server.", hint="`shipway up` starts one here; `shipway login URL` goes to another."
        )
    from shipway.client.client import Client

    return Client(url, os.environ.get("SHIPWAY_TOKEN") or remembered.tokens.get(url, ""))


def service_path(path: str | None, directory: Path | None = None) -> str:
    """The path that was given, else what the directory is linked to; raises `ClientError`."""
    if found := path or config.load().link(directory or Path.cwd()):
        return found
    raise ClientError(
        "No service was named, and this directory is linked to none.",
        hint="Give its path, link the directory with `shipway link PATH`, or deploy it: `shipway deploy`.",
    )


def split_path(words: Sequence[str]) -> tuple[str | None, list[str]]:
    """The path among a command's words, if it begins with one, and the others."""
    if words and "/" in words[0] and "=" not in words[0]:
        return str(address.parse(words[0])), list(words[1:])
    return None, list(words)
