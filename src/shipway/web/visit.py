"""One request of someone who is logged in: what every page is given."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request

from shipway.domain.names import ServicePath
from shipway.operations.access import Actor
from shipway.pipeline.platform import Platform


@dataclass(frozen=True, slots=True)
class Visit:
    """Who asks, for what, and with which form."""

    platform: Platform
    request: Request
    actor: Actor
    #: The secret of their session.
    session: str = field(repr=False)
    #: What each form of theirs must carry; see `forms`.
    csrf: str = field(repr=False)
    #: Fields of the form that was posted; empty for a GET.
    form: Mapping[str, str]

    @property
    def deployment_id(self) -> str:
        """The one in the address."""
        return str(self.request.path_params["id"])

    @property
    def service_path(self) -> ServicePath:
        """The one in the address; it need not exist, nor be well-formed."""
        parts = self.request.path_params
        return ServicePath(parts["workspace"], parts["project"], parts["environment"], parts["service"])
