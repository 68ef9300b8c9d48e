"""A registry in memory, for tests of those who use one."""

import secrets
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal

from shipway.domain.credential import Credential
from shipway.domain.errors import NotFound, Unavailable
from shipway.domain.locks import Locks
from shipway.registry.registry import Stored

#: Called with the verb and `before` or `after` its effect; what it raises reaches the verb's caller.
Intercept = Callable[[str, Literal["before", "after"]], Awaitable[None]]


class FakeRegistry:
    """Implements `Registry`. Set `available` to False to have `check` fail."""

    def __init__(self, host: str = "127.0.0.1:7701", pushed: MutableMapping[str, str] | None = None) -> None:
        """`pushed`: digests by the references they were pushed as; without it, it has whatever it is asked for."""
        self.host = host
        self.pushed = pushed
        self.intercept: Intercept | None = None
        self._held = Locks()
        self.available = True
        #: Whether `check` was called since the last `shutdown`.
        self.running = False
        #: What each password it gave out permits: `(repository, action)`.
        self.permits: dict[str, frozenset[tuple[str, str]]] = {}
        #: What `attestations` answers, by repository and reference: `acme/shop:v1`, `acme/shop@sha256:…`.
        self.statements: dict[str, list[dict[str, Any]]] = {}

    async def check(self) -> None:
        """Run from now on; fail unless `available`."""
        if not self.available:
            raise Unavailable("The registry does not answer.", hint="Set `available`.")
        self.running = True

    def repository(self, workspace: str, name: str) -> str:
        """`host/workspace/name`."""
        return f"{self.host}/{workspace}/{name}"

    def push_credential(self, workspace: str, name: str) -> Credential:
        """Permits pull and push on that repository, and pull on those of the workspace."""
        credential = self._credential(f"{workspace}/{name}", ("pull", "push"))
        self.permits[credential.password] |= {(f"{workspace}/", "pull")}
        return credential

    def pull_credential(self, workspace: str, name: str) -> Credential:
        """Permits pull on that repository."""
        return self._credential(f"{workspace}/{name}", ("pull",))

    def allows(self, credential: Credential, repository: str, action: str) -> bool:
        """Whether the registry would let the bearer do that (`repository` without the host)."""
        permitted = self.permits.get(credential.password, frozenset())
        return bool({(repository, action), (f"{repository.partition('/')[0]}/", action)} & permitted)

    async def stored(self, workspace: str, name: str, digest: str) -> Stored:
        """That itself: nothing is around it."""
        repository = f"{self.host}/{workspace}/{name}"
        if self.pushed is None:
            return Stored(digest, 1)
        found = self.pushed.get(f"{repository}:{digest}", digest)
        if found not in (each for reference, each in self.pushed.items() if reference.startswith(f"{repository}:")):
            raise NotFound(f"The registry has no {digest} of {workspace}/{name}.")
        return Stored(found, 1)

    async def attestations(self, workspace: str, name: str, reference: str) -> list[dict[str, Any]]:
        """As `statements` say."""
        mark = "@" if ":" in reference else ":"
        return self.statements.get(f"{workspace}/{name}{mark}{reference}", [])

    def held(self, workspace: str, name: str) -> AbstractAsyncContextManager[None]:
        """See `Registry`."""
        return self._held(f"{workspace}/{name}")

    async def delete(self, workspace: str, name: str, digest: str, tags: Sequence[str]) -> None:
        """See `Registry`. Raises `Unavailable` while it is not `available`."""
        if self.intercept:
            await self.intercept("delete", "before")
        if not self.available:
            raise Unavailable("The registry does not answer.", hint="Set `available`.")
        repository = f"{self.host}/{workspace}/{name}:"
        for reference, each in list((self.pushed or {}).items()):
            if self.pushed and reference.startswith(repository) and each == digest:
                del self.pushed[reference]
        if self.intercept:
            await self.intercept("delete", "after")

    async def close(self) -> None:
        """Nothing to let go of."""

    async def shutdown(self) -> None:
        """Don't run any more."""
        self.running = False

    def _credential(self, repository: str, actions: tuple[str, ...]) -> Credential:
        password = secrets.token_hex(8)
        self.permits[password] = frozenset((repository, action) for action in actions)
        return Credential("shipway", password)
