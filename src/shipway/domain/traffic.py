"""What the proxy counts for a set of instances."""

from dataclasses import dataclass

#: Requests of an instance that its mean response time is taken over: older ones fade.
RECENT = 512


@dataclass(frozen=True, slots=True)
class Traffic:
    """Of one set, since it was added to the proxy. Times are until an answer began, in ms, of the instances it has now."""

    in_flight: int = 0
    #: Those that have ended.
    requests: int = 0
    errors_5xx: int = 0
    #: Connections to an instance that failed or broke.
    connection_errors: int = 0
    #: Mean over about the latest `RECENT` requests of each instance, the latest weighing most; 0 with none.
    response_ms: float = 0.0
    #: Longest of all; 0 with none.
    slowest_ms: int = 0
    #: Of those in flight, at instances that have left the set, or that may have.
    leaving: int = 0

    def since(self, before: "Traffic") -> "Traffic":
        """What was counted after `before`; what is in flight and how long answers take is as it is now."""
        return Traffic(
            in_flight=self.in_flight,
            leaving=self.leaving,
            requests=self.requests - before.requests,
            errors_5xx=self.errors_5xx - before.errors_5xx,
            connection_errors=self.connection_errors - before.connection_errors,
            response_ms=self.response_ms,
            slowest_ms=self.slowest_ms,
        )

    def plus(self, other: "Traffic") -> "Traffic":
        """Both together, as of two processes that carry requests for the same set."""
        return Traffic(
            in_flight=self.in_flight + other.in_flight,
            leaving=self.leaving + other.leaving,
            requests=self.requests + other.requests,
            errors_5xx=self.errors_5xx + other.errors_5xx,
            connection_errors=self.connection_errors + other.connection_errors,
            response_ms=mean([(self.requests, self.response_ms), (other.requests, other.response_ms)]),
            slowest_ms=max(self.slowest_ms, other.slowest_ms),
        )


def mean(parts: list[tuple[int, float]]) -> float:
    """Mean response time, from that of some parts, each with its number of requests."""
    weighted = [(min(requests, RECENT), time) for requests, time in parts]
    total = sum(weight for weight, _ in weighted)
    return sum(weight * time for weight, time in weighted) / total if total else 0.0
