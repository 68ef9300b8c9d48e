"""The HTTP API of a key-value engine, version 2, of HashiCorp Vault or OpenBao. Knows paths and versions, and no database."""

import asyncio
import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx2

from shipway.domain.clock import now
from shipway.domain.errors import SecretMissing, SecretRevoked, Unavailable, VaultRefused
from shipway.domain.secret import KeptSecret, SecretVersion
from shipway.vault.login import Login, Token

#: Seconds for one question, connecting included.
_TIMEOUT = httpx2.Timeout(10, connect=5)
#: The one field of what is kept.
FIELD = "value"
#: Who made or destroyed a version that was not made here.
OUTSIDE = "vault"
#: Somebody else wrote in between: Vault says so with 400, and the next try takes their version for the last.
_TRIES = 5


@dataclass(frozen=True, slots=True)
class KvPlace:
    """Which engine, and where in it."""

    url: str
    mount: str = "secret"
    prefix: str = "shipway"
    namespace: str = ""
    #: PEM file with the authorities to trust; empty: this machine's own.
    ca: str = ""

    def path(self, *parts: str) -> str:
        """Below the prefix."""
        return "/".join(part for part in (self.prefix, *parts) if part)


class KvClient:
    """One engine, through one login. Nothing that Vault answers is repeated in an error: it might be secret."""

    def __init__(self, place: KvPlace, login: Login) -> None:
        self.place = place
        self._login = login
        self._token: Token | None = None
        self._logging_in = asyncio.Lock()
        verify = ssl.create_default_context(cafile=place.ca or None)
        headers = {"X-Vault-Request": "true"} | ({"X-Vault-Namespace": place.namespace} if place.namespace else {})
        self._http = httpx2.AsyncClient(
            base_url=place.url.rstrip("/"), headers=headers, timeout=_TIMEOUT, verify=verify, trust_env=False
        )

    async def read(self, path: str, version: int | None) -> tuple[int, str]:
        """The number and the value of a version, the newest without one. Raises `SecretMissing` and `SecretRevoked`."""
        answer = await self._ask("GET", f"data/{path}", params={"version": version} if version else {})
        data = _data(answer)
        found: Mapping[str, Any] = data.get("metadata") or {}
        number = version or found.get("version")
        what = f"version {number} of {self._named(path)}" if number else self._named(path)
        if found.get("destroyed"):
            raise SecretRevoked(f"Vault has destroyed {what}.", hint="Set a new version, and deploy.")
        if answer.status_code == 404:
            gone = "deleted" if found.get("deletion_time") else "not there"
            raise SecretMissing(f"In Vault, {what} is {gone}.", hint="Set it, or undelete it in Vault, and deploy.")
        value = (data.get("data") or {}).get(FIELD)
        if not isinstance(value, str) or not value or "\0" in value:
            raise SecretMissing(f"In Vault, {what} has no text in its field `{FIELD}`.", hint="Write it again.")
        return found["version"], value

    async def write(self, path: str, value: str) -> int:
        """A new version; its number."""
        for _ in range(_TRIES):
            kept = await self.kept(path)
            body = {"data": {FIELD: value}, "options": {"cas": kept.newest if kept else 0}}
            answer = await self._ask("POST", f"data/{path}", json=body)
            if answer.status_code != 400:
                return int(_data(answer)["version"])
        raise Unavailable(f"Vault takes no new version of {self._named(path)}.", hint="Look into Vault's own log.")

    async def kept(self, path: str) -> KeptSecret | None:
        """Which versions it has that are not deleted; `None` when there is nothing at all."""
        answer = await self._ask("GET", f"metadata/{path}")
        if answer.status_code == 404:
            return None
        data = _data(answer)
        versions = [_version(int(number), each) for number, each in (data["versions"] or {}).items()]
        return KeptSecret(data["current_version"], tuple(each for each in versions if each))

    async def names(self, path: str) -> list[str]:
        """What lies directly below it, without folders."""
        answer = await self._ask("GET", f"metadata/{path}", params={"list": "true"})
        keys = _data(answer).get("keys") or []
        return [key for key in keys if not key.endswith("/")]

    async def destroy(self, path: str, versions: Collection[int]) -> None:
        """Their values, for ever. Safe to repeat."""
        if versions:
            await self._ask("POST", f"destroy/{path}", json={"versions": sorted(versions)})

    async def forget(self, path: str) -> None:
        """All of it, the count of its versions too."""
        await self._ask("DELETE", f"metadata/{path}")

    async def close(self) -> None:
        """Its connections."""
        await self._http.aclose()

    async def _ask(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """A success, 404, or 400 that whoever asks can make sense of. A token that is refused may have expired: then once
        more, with another one."""
        token = await self._fresh(None)
        answer = await self._send(method, f"{self.place.mount}/{path}", token, **options)
        if answer.status_code == 403:
            answer = await self._send(method, f"{self.place.mount}/{path}", await self._fresh(token), **options)
        if answer.status_code == 403:
            raise VaultRefused(
                f"Vault does not allow Shipway {method} {self.place.mount}/{path}.",
                hint="Its token has expired, or its policy lacks that path: see the reference, under Vault.",
            )
        if answer.status_code not in (200, 204, 400, 404):
            raise self._unavailable(f"answers {answer.status_code}", "Look into Vault's own log.")
        return answer

    async def _fresh(self, refused: Token | None) -> Token:
        """The token that there is, unless it is the one that was `refused`, or has had most of its time."""
        async with self._logging_in:
            token = self._token
            if token is None or token is refused or not token.is_fresh:
                self._token = token = await self._login.token(self._log_in)
            return token

    async def _log_in(self, path: str, given: Mapping[str, str]) -> Mapping[str, Any] | None:
        answer = await self._send("POST", path, None, json=given)
        if answer.status_code in (400, 403, 404):
            return None
        auth = _body(answer).get("auth")
        if not answer.is_success or not isinstance(auth, dict):
            raise self._unavailable(f"answers a login with {answer.status_code}", "Look into Vault's own log.")
        return auth

    async def _send(self, method: str, path: str, token: Token | None, **options: Any) -> httpx2.Response:
        headers = {"X-Vault-Token": token.text} if token else {}
        try:
            answer = await self._http.request(method, f"/v1/{path}", headers=headers, **options)
        except httpx2.HTTPError as error:
            # Not chained: the library's own error holds the request, and that holds the token.
            why = "does not answer in time" if isinstance(error, httpx2.TimeoutException) else "can't be reached"
            raise self._unavailable(why, "Check that it runs, its address and its certificate.") from None
        if answer.status_code == 503:
            raise self._unavailable(
                "is sealed, or not ready", "Unseal it: `vault operator unseal`, `bao operator unseal`."
            )
        return answer

    def _unavailable(self, what: str, hint: str) -> Unavailable:
        return Unavailable(f"Vault at {self.place.url} {what}.", hint=f"{hint} Shipway goes on by itself.")

    def _named(self, path: str) -> str:
        return f"{self.place.mount}/{path}"


def _body(answer: httpx2.Response) -> Mapping[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        body = None
    return body if isinstance(body, dict) else {}


def _data(answer: httpx2.Response) -> Mapping[str, Any]:
    """Also of a 404, which says of a version that was deleted when that was."""
    return _body(answer).get("data") or {}


def _version(number: int, metadata: Mapping[str, Any]) -> SecretVersion | None:
    made, deleted = datetime.fromisoformat(metadata["created_time"]), metadata["deletion_time"]
    if metadata["destroyed"]:
        return SecretVersion(number, OUTSIDE, made, now(), OUTSIDE)
    # It may be that it is only going to be deleted.
    return None if deleted and datetime.fromisoformat(deleted) <= now() else SecretVersion(number, OUTSIDE, made)
