"""The router port: level-based. The table is computed whole; the adapter makes the proxy match it, dropping nothing."""

from typing import Protocol

from shipway.domain.route import Table
from shipway.domain.traffic import Traffic


class Router(Protocol):
    """A proxy. Methods may be called concurrently; `apply` calls take effect one after the other, in order."""

    async def check(self) -> None:
        """Return when the proxy runs (starting it when it is ours to start), else raise `Unavailable`."""

    async def apply(self, table: Table) -> None:
        """Make the proxy match `table`.

        When a route's set changes, the new set is made ready first and the change is one atomic act for all hosts of
        the service: every request goes to the old set or to the new one, none to neither. Requests in flight stay
        where they are. So it is with a canary: its beginning, each other share and its end are one atomic act each. A
        visitor who was sent to the canary gets it again as long as its share does not fall; clients that keep no cookies
        are shared out anew with each request. A service under maintenance answers 503 with a page; the requests of one
        that is paused wait, for a minute at most, and go where the table leads them when it is open again. Neither
        touches what is in flight.

        Applying the same table again changes nothing. A set that is no longer in the table is removed and what is still
        in flight there is cut, so callers drain first (`traffic`).

        What was applied survives a restart of the proxy and of Shipway. Raises `Unavailable` when the proxy does not
        answer; the table may then be applied in part, and applying it again is always right.
        """

    async def traffic(self) -> dict[str, Traffic]:
        """What each set in the proxy has carried and still carries, by set."""

    async def close(self) -> None:
        """Let go of connections; the proxy goes on serving."""

    async def shutdown(self) -> None:
        """Stop the proxy itself, to take a whole installation down: no app can be reached until `check` starts it again."""
