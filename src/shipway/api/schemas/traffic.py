"""Whether requests reach a service's instances."""

from pydantic import Field

from shipway.api.schemas.fields import Request
from shipway.domain.service import TrafficMode


class Traffic(Request):
    """Of one service, all its hosts."""

    mode: TrafficMode = Field(
        description="`maintenance`: requests are answered with 503 and a page. `paused`: they wait, for a minute at most, "
        "and go on when it is open again. Requests in flight go on in either."
    )
