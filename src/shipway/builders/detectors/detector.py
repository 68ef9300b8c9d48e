"""What a detector is, and what it answers: a candidate, which says as data how an image is made and started."""

from collections.abc import Callable
from dataclasses import dataclass

from shipway.builders.detectors.tree import Tree
from shipway.domain.artifacts import Finding

#: Where the app is inside the image; every stage starts here.
HOME = "/app"


@dataclass(frozen=True, slots=True)
class Copy:
    """Files into the image."""

    #: Paths in the source, or in `stage`.
    paths: tuple[str, ...]
    to: str = "./"
    #: Name of an earlier stage; empty for the source.
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """Commands of one layer; each runs only when the one before it succeeded."""

    commands: tuple[str, ...]
    #: Directories kept between builds.
    caches: tuple[str, ...] = ()
    #: Whether only one step at a time may use them; of a tool that breaks when two do.
    exclusive: bool = False
    #: Whether it downloads, and so trusts the certificates that builds are given.
    downloads: bool = False
    #: Commands for a tool that can't read these certificates as they are, a PEM file at `$ca`; run only when there are any.
    certificates: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """One `FROM` and what follows. In the last stage of a candidate, copied files belong to the app's user."""

    runtime: str
    version: str
    steps: tuple[Copy | Run, ...]
    #: Other stages copy from it by this name; empty for the last.
    name: str = ""
    #: Debian packages.
    packages: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    #: Earlier stage that it goes on from; empty for the runtime's base.
    on: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to build and start what is there, and why."""

    provider: str
    stages: tuple[Stage, ...]
    #: Command of `web`, with `$PORT` for the port; empty when nothing tells how it is started.
    start: str
    evidence: tuple[Finding, ...]
    warnings: tuple[Finding, ...] = ()
    #: Warnings that count only when there is no release command.
    without_release: tuple[Finding, ...] = ()
    #: False when it may well be a worker: then a Procfile without `web` gets none.
    serves: bool = True
    #: False for what other tools leave in a project too: any certain candidate goes before it.
    certain: bool = True
    #: Whether the app's user gets an account in the image, as most language runtimes want.
    account: bool = True
    #: Empty for the usual SIGTERM.
    stop_signal: str = ""
    #: Port it listens on when nothing else is asked for; 0 for the platform's own.
    port: int = 0
    #: Directory under `HOME` that it is started in: a member of a workspace has its own.
    directory: str = ""


@dataclass(frozen=True, slots=True)
class Detector:
    """One language or kind of app. `detect` is called with any tree, reads nothing but it, and keeps nothing."""

    name: str
    #: The files it goes by, as told to someone whose app was not recognised.
    looks_for: str
    #: Raises `AnalysisFailed` when the app is its own but contradicts itself or can't be read.
    detect: Callable[[Tree], Candidate | None]
