"""How Shipway shows Vault who it is: a token that somebody else keeps fresh, or an AppRole that it logs in with."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from shipway.domain.errors import VaultRefused

#: Ask Vault without a token: the path, and what to send. Its `auth`; `None` when it does not accept that.
Ask = Callable[[str, Mapping[str, str]], Awaitable[Mapping[str, Any] | None]]
#: Part of a token's life after which there is a new one, before anybody is refused with the old one.
_FRESH = 0.8


@dataclass(frozen=True, slots=True)
class Token:
    """What requests are made with."""

    text: str = field(repr=False)
    #: By the monotonic clock; `None`: as long as Vault accepts it.
    good_until: float | None = None

    @property
    def is_fresh(self) -> bool:
        """Whether to go on with it."""
        return self.good_until is None or time.monotonic() < self.good_until


class Login(Protocol):
    """Gets a token. Nothing of what it needs for that is ever shown."""

    async def token(self, ask: Ask) -> Token:
        """One that is to be good from now on; called again whenever Vault refuses the last. Raises `VaultRefused`."""


@dataclass(frozen=True, slots=True)
class GivenToken:
    """A token in a file, such as Vault's or OpenBao's agent keeps there, or else as it was given at the start."""

    file: Path | None = None
    text: str = field(default="", repr=False)

    async def token(self, ask: Ask) -> Token:
        """Read anew each time: the agent replaces it."""
        return Token(_read(self.file, "token") if self.file else self.text)


@dataclass(frozen=True, slots=True)
class AppRole:
    """A role, and a file with its secret id, which may be replaced at any time."""

    role_id: str = field(repr=False)
    secret_id_file: Path
    mount: str = "approle"

    async def token(self, ask: Ask) -> Token:
        """Log in."""
        begun = time.monotonic()
        given = {"role_id": self.role_id, "secret_id": _read(self.secret_id_file, "secret id")}
        auth = await ask(f"auth/{self.mount}/login", given)
        if auth is None:
            raise VaultRefused(
                f"Vault does not accept Shipway's AppRole (auth/{self.mount}).",
                hint=f"Check vault_role_id, and put a new secret id into {self.secret_id_file}: it may have expired.",
            )
        lease = auth["lease_duration"]
        return Token(auth["client_token"], begun + lease * _FRESH if lease else None)


def _read(path: Path, what: str) -> str:
    try:
        text = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise VaultRefused(
            f"The {what} for Vault can't be read from {path}.", hint="Put it there, for Shipway's user alone (0600)."
        ) from error
    if not text or not text.isascii() or not text.isprintable():
        raise VaultRefused(f"{path} holds no {what} for Vault.", hint="It is one line of text.")
    return text
