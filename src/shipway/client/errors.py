"""What can go wrong between us and the server, for people and for programs."""

from collections.abc import Mapping, Sequence
from typing import Any

UNAVAILABLE = "unavailable"


class ClientError(Exception):
    """A request that was not done: the server's problem document, or that no server answered.

    `code` is stable; `status` is the HTTP status, 0 when there was none.
    """

    def __init__(
        self, message: str, *, hint: str = "", code: str = "invalid", status: int = 0, evidence: Sequence[str] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code
        self.status = status
        self.evidence = tuple(evidence)

    @property
    def temporary(self) -> bool:
        """Whether the same request may well be done a little later."""
        return self.code == UNAVAILABLE or self.status == 503

    @classmethod
    def from_problem(cls, problem: Mapping[str, Any]) -> "ClientError":
        """What the server says."""
        return cls(
            str(problem.get("detail") or problem.get("title") or "The server refused."),
            hint=str(problem.get("hint") or ""),
            code=str(problem.get("code") or "invalid"),
            status=int(problem.get("status") or 0),
            evidence=[str(line) for line in problem.get("evidence") or ()],
        )


def unreachable(url: str, reason: str) -> ClientError:
    """No server answers there."""
    return ClientError(
        f"No Shipway server answers at {url} ({reason}).",
        hint="Start it with `shipway up`, or log in to another: `shipway login URL`.",
        code=UNAVAILABLE,
    )
