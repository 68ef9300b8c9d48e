"""Following: which pushes a service deploys by itself (S2.2)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Following:
    """What a user sets once per service. A push of the branch that it deploys is deployed unless this says otherwise."""

    on: bool = True
    #: Branch whose pushes are deployed; empty: the one that deployments take which name none.
    branch: str = ""
    #: Patterns as in `.gitignore`, from the root of the repository; a push that touches none of them is not deployed. None:
    #: every push is.
    paths: tuple[str, ...] = ()
