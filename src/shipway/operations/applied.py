"""What an apply changed, or a plan would."""

import hashlib
from dataclasses import dataclass

from shipway.domain.deployment import Deployment
from shipway.domain.description import Change
from shipway.domain.leaks import Exposed
from shipway.domain.names import EnvironmentPath, ServicePath
from shipway.domain.volume import Place


@dataclass(frozen=True, slots=True)
class ServiceChange:
    """What becomes of one service that the file names."""

    path: ServicePath
    created: bool
    changes: tuple[Change, ...]
    #: What it has that the file does not say. It stays, unless `prune` was asked for.
    missing: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """What an apply changed, or a plan would."""

    path: EnvironmentPath
    #: Whether the environment itself is new.
    created: bool
    services: tuple[ServiceChange, ...]
    #: Of the environment's own config vars and limits.
    config: tuple[Change, ...]
    #: Services that the file does not name. They are left alone.
    others: tuple[str, ...]
    #: Values of the file that had better be secrets.
    warnings: tuple[Exposed, ...]
    #: Volumes that have no instance any more when this is deployed.
    bins: tuple[Place, ...]
    #: Deployments that bring it about.
    deployments: tuple[tuple[ServicePath, Deployment], ...] = ()
    #: Services that nothing was uploaded or pushed to yet, so that they can't be deployed here.
    to_upload: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether it changes anything."""
        return self.created or bool(self.config) or any(each.created or each.changes for each in self.services)

    @property
    def digest(self) -> str:
        """The same for the same changes: to apply exactly what was planned."""
        what = (str(self.path), self.created, self.services, self.config)
        return hashlib.sha256(repr(what).encode()).hexdigest()
