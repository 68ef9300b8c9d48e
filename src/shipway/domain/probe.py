"""How an instance shows that it is up (S7.1, S7.2)."""

from dataclasses import dataclass
from typing import Literal

ProbeType = Literal["http", "tcp", "none"]

DEFAULT_PATH = "/_health/"
FALLBACK_PATHS = ("/healthz", "/health", "/")


@dataclass(frozen=True, slots=True)
class Probe:
    """What is asked of each candidate instance before it may have traffic."""

    type: ProbeType = "http"
    #: HTTP path. Empty: the default path, then the fallbacks, and the deployment is marked weakly verified.
    path: str = ""
    #: Port inside the instance; 0 for the service's own.
    port: int = 0
    #: Seconds from when it is first asked until it must have passed.
    timeout: float = 180.0
    #: HTTP status codes that pass. With fallbacks in play, anything below 500 does.
    success: tuple[int, ...] = (200,)

    @property
    def strict(self) -> bool:
        """Whether the user chose the path, so that nothing else counts."""
        return bool(self.path)
