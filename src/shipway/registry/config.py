"""The registry server's configuration file. Pure."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """What is ours to decide about the registry server."""

    #: Where images are kept.
    storage: Path
    #: Loopback port.
    port: int
    #: URL of our token service.
    realm: str
    #: Name of this registry: what tokens are issued for.
    service: str
    issuer: str
    #: PEM bundle of the certificates whose keys may sign tokens.
    bundle: Path
    #: Signs the state of uploads in progress, so that they survive a restart of the server.
    secret: str

    def render(self) -> str:
        """The file's text: JSON, which is YAML as well and needs no quoting rules of its own."""
        return json.dumps(self._tree(), indent=2) + "\n"

    def _tree(self) -> dict[str, object]:
        return {
            "version": 0.1,
            # Requests carry tokens and refusals are everyday: only errors are logged, and no access log is kept.
            "log": {"level": "error", "accesslog": {"disabled": True}},
            "storage": {
                "filesystem": {"rootdirectory": str(self.storage)},
                "delete": {"enabled": True},
                "maintenance": {"uploadpurging": {"enabled": True, "age": "24h", "interval": "12h", "dryrun": False}},
            },
            "http": {
                "addr": f"127.0.0.1:{self.port}",
                "secret": self.secret,
                "relativeurls": True,
                "headers": {"X-Content-Type-Options": ["nosniff"]},
            },
            "auth": {
                "token": {
                    "realm": self.realm,
                    "service": self.service,
                    "issuer": self.issuer,
                    "rootcertbundle": str(self.bundle),
                }
            },
        }
