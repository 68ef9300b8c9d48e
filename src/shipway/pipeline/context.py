"""What every step is given besides the values it consumes."""

import asyncio
from dataclasses import dataclass, replace

from shipway.domain.deployment import Deployment
from shipway.domain.names import ServicePath
from shipway.domain.service import Service
from shipway.pipeline.platform import Platform


@dataclass(frozen=True, slots=True)
class Context:
    """One deployment at work. Frozen: what steps learn travels in their results."""

    platform: Platform
    deployment: Deployment
    service: Service
    #: Set when someone asked to cancel.
    cancelled: asyncio.Event
    #: Whose log lines go to: the running step.
    step: str = ""

    @property
    def path(self) -> ServicePath:
        """The service's address."""
        return self.service.path

    def at(self, step: str) -> "Context":
        """The same, writing to `step`'s log."""
        return replace(self, step=step)

    def log(self, line: str, /) -> None:
        """Append to the running step's log and wake whoever watches."""
        self.platform.logs.append(self.deployment.id, self.step, line)
        self.platform.signals.notify(self.deployment.id)
