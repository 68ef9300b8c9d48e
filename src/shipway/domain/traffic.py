"""What the proxy counts for a set of instances."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Traffic:
    """Of one set, since it was added to the proxy."""

    in_flight: int = 0
    #: Those that have ended.
    requests: int = 0
    errors_5xx: int = 0
    #: Connections to an instance that failed or broke.
    connection_errors: int = 0
