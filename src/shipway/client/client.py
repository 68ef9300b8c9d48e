"""The server, as functions. Paths are written `workspace/project/environment/service`; every method may raise `ClientError`."""

from shipway.client.calls.applying import Applying
from shipway.client.calls.builds import Builds
from shipway.client.calls.config import ConfigVars
from shipway.client.calls.deletion import Deletion
from shipway.client.calls.deployments import Deployments
from shipway.client.calls.files import Files
from shipway.client.calls.images import Images
from shipway.client.calls.registries import Registries
from shipway.client.calls.releases import Releases
from shipway.client.calls.runs import Runs
from shipway.client.calls.secrets import Secrets
from shipway.client.calls.services import Services
from shipway.client.calls.tenancy import Tenancy
from shipway.client.calls.tokens import Tokens
from shipway.client.calls.triggers import Triggers
from shipway.client.calls.uploads import Uploads
from shipway.client.calls.volumes import Volumes
from shipway.client.transport import Transport


class Client(
    Tenancy,
    Registries,
    Services,
    Deletion,
    ConfigVars,
    Secrets,
    Files,
    Volumes,
    Triggers,
    Deployments,
    Releases,
    Runs,
    Images,
    Builds,
    Uploads,
    Applying,
    Tokens,
):
    """One server, asked with one token. Use it as a context manager. What it can be asked is in `calls`."""

    def __init__(self, url: str, token: str = "", *, door: str = "cli") -> None:
        super().__init__(Transport(url, token, door=door))

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._transport.close()

    @property
    def url(self) -> str:
        """Where the server is."""
        return self._transport.url

    def check(self) -> None:
        """Return when the server is up."""
        self._transport.send("GET", "/healthz")
