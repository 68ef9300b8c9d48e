"""What `route` and `finalize` return."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shipway.domain.cutover import Cutover
from shipway.domain.traffic import Traffic


@dataclass(frozen=True, slots=True)
class Switch:
    """Traffic has moved."""

    #: Deployments whose instances no longer get new requests and are to be drained and stopped.
    retired: tuple[str, ...]
    #: What the proxy had counted for each of them, and for the new one, as traffic had moved.
    carried: Mapping[str, Traffic] = field(default_factory=dict)
    #: The one of them that had the traffic; empty for none.
    former: str = ""
    #: Requests of Shipway's own around the switch, and those of them that got no answer.
    asked: int = 0
    lost: int = 0

    @property
    def summary(self) -> str:
        """In one line, for the table of steps."""
        return "live"


@dataclass(frozen=True, slots=True)
class Finished:
    """What finalize left behind."""

    #: What the switch did to requests; `None` when nothing had the traffic before.
    cutover: Cutover | None = None

    @property
    def summary(self) -> str:
        """In one line, for the table of steps."""
        return self.cutover.summary if self.cutover else "nothing to replace"
