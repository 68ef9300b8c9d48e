"""One service beside its model, and what somebody wants of it."""

from dataclasses import dataclass, field, replace
from typing import Any

from tests.support import release_model as model
from tests.support.release_images import Images
from tests.support.release_model import Commit, Release
from tests.support.stack import AT_ONCE

from shipway.domain.names import ServicePath

#: Of staging, what was live stays warm for an undo.
SETTINGS = {"production": AT_ONCE, "staging": replace(AT_ONCE, keep_warm=600)}


@dataclass(frozen=True)
class Wish:
    """A deployment that somebody asked for, as far as it decides what comes of it."""

    action: str
    #: To build; `None`: what the branch leads to by then.
    commit: Commit | None = None
    #: Of a rollback to a release itself.
    number: int = 0
    #: Of whatever takes an image that there is.
    base: Release | None = None


@dataclass
class Instance:
    """One that was seen, and the secrets that there were when it was first."""

    #: What it is to have, but for what is always set.
    variables: dict[str, str]
    secret_files: dict[str, str]
    release: int


@dataclass
class Place:
    """One service: its model, and what the test remembers of what it saw."""

    path: ServicePath
    service: model.Service
    head: Commit
    images: Images = field(default_factory=Images)
    #: By name and address: an address is never given twice.
    instances: dict[tuple[str, str], Instance] = field(default_factory=dict)
    #: Ids by number.
    deployments: dict[int, str] = field(default_factory=dict)
    failed: list[tuple[str, Wish]] = field(default_factory=list)
    #: What instances of a release had when it ran first: by release and process type.
    first: dict[tuple[int, str], Any] = field(default_factory=dict)
