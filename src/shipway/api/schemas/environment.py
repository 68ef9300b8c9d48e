"""Environments: made, looked at, changed, cloned."""

from pydantic import BaseModel, Field

from shipway.api.schemas.fields import GitRef, Request, Slug
from shipway.api.schemas.settings import Cpus, Memory
from shipway.api.schemas.tenancy import EnvironmentOut
from shipway.domain.names import EnvironmentPath
from shipway.domain.service import ServiceState
from shipway.domain.tenancy import EnvironmentKind
from shipway.operations.environments import Cloned, EnvironmentView
from shipway.operations.services import ServiceView

_KIND = "None: the name where it is a kind, else development."
_MEMORY = "Bytes, for instances of services that say nothing themselves; 0: 512 MiB."
_CPUS = "Cores, for instances of services that say nothing themselves; 0: 1."
_BRANCH = (
    "Branch, tag or commit that its services from git deploy when they name none; empty: the repository's default."
)


class ServiceLine(BaseModel):
    """A service of an environment, in short."""

    path: str
    state: ServiceState
    url: str = Field(description="Empty when it has no host.")

    @classmethod
    def of(cls, view: ServiceView) -> "ServiceLine":
        """From the operations' view."""
        return cls(path=str(view.service.path), state=view.state, url=view.url)


class EnvironmentDetail(EnvironmentOut):
    """One environment with what is in it."""

    services: list[ServiceLine]
    variables: list[str] = Field(description="Names of config vars that all its services have.")
    secrets: list[str] = Field(description="Names.")

    @classmethod
    def of_view(cls, path: EnvironmentPath, view: EnvironmentView) -> "EnvironmentDetail":
        """From the operations' view."""
        known = EnvironmentOut.of(path.workspace, path.project, view.environment)
        return cls(
            **known.model_dump(),
            services=[ServiceLine.of(each) for each in view.services],
            variables=list(view.variables),
            secrets=list(view.secrets),
        )


class EnvironmentIn(Request):
    """A new environment."""

    name: Slug
    kind: EnvironmentKind | None = Field(default=None, description=_KIND)
    branch: GitRef = Field(default="", description=_BRANCH)
    memory: Memory = Field(default=0, description=_MEMORY)
    cpus: Cpus = Field(default=0.0, description=_CPUS)


class EnvironmentChange(Request):
    """What is to be changed; everything else stays."""

    kind: EnvironmentKind | None = None
    branch: GitRef | None = Field(default=None, description=_BRANCH)
    memory: Memory | None = Field(default=None, description=_MEMORY)
    cpus: Cpus | None = Field(default=None, description=_CPUS)


class CloneIn(Request):
    """The new environment, of the same project."""

    to: Slug = Field(description="Its name.")
    kind: EnvironmentKind | None = Field(default=None, description=_KIND)
    branch: GitRef | None = Field(default=None, description=f"None: as in the one that is cloned. {_BRANCH}")
    memory: Memory | None = Field(default=None, description=f"None: as in the one that is cloned. {_MEMORY}")
    cpus: Cpus | None = Field(default=None, description=f"None: as in the one that is cloned. {_CPUS}")


class ClonedService(BaseModel):
    """A service that was copied."""

    path: str
    hosts: list[str] = Field(description="Its own.")
    to_set: list[str] = Field(description="Build secrets that it lacks: they are not copied.")


class CloneOut(BaseModel):
    """An environment that was made after another one."""

    environment: EnvironmentOut
    services: list[ClonedService]
    to_set: list[str] = Field(
        description="Secrets that it lacks: none is copied. What is given one does not deploy before it is set."
    )

    @classmethod
    def of(cls, path: EnvironmentPath, cloned: Cloned) -> "CloneOut":
        """From the operations' value."""
        return cls(
            environment=EnvironmentOut.of(path.workspace, path.project, cloned.environment),
            services=[
                ClonedService(path=str(each.service.path), hosts=list(each.service.hosts), to_set=list(each.to_set))
                for each in cloned.services
            ],
            to_set=list(cloned.to_set),
        )
