"""What `analyze` returns."""

import posixpath
from dataclasses import dataclass, replace

from shipway.domain.artifacts.checkout import Checkout
from shipway.domain.probe import Liveness, Probe
from shipway.domain.process import ProcessType


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the analysis noticed, and where: the evidence behind a decision, or a warning."""

    text: str
    #: `Dockerfile:7`, `package.json`, or empty.
    where: str = ""


@dataclass(frozen=True, slots=True)
class Analysis:
    """What will be built and how it is started, with the evidence for it (S3.2)."""

    #: `dockerfile`, `python`, `node`, `static`, …
    provider: str
    #: The Dockerfile's whole text, the user's own or a generated one.
    dockerfile: str
    generated: bool
    processes: tuple[ProcessType, ...]
    #: Port the app is told to listen on by PORT.
    port: int
    #: `release:` of the Procfile; empty for none.
    release_command: str = ""
    evidence: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    #: Build context inside the checkout, relative to the service's subdirectory; `../..` leads up to the root.
    context: str = "."
    #: Multi-stage target; empty for the last stage.
    target: str = ""
    #: Other ways it could have been built, told to the user.
    alternatives: tuple[str, ...] = ()
    #: How health is asked for when files in the source say something about it; `None`: as the settings say.
    probe: Probe | None = None
    #: The same for whether it is still alive.
    liveness: Liveness | None = None

    @property
    def summary(self) -> str:
        """In one line, for the table of steps."""
        return f"{self.provider}, {'a generated' if self.generated else 'its own'} Dockerfile, port {self.port}"


def from_root(checkout: Checkout, analysis: Analysis) -> tuple[Checkout, Analysis]:
    """The same build, seen from the checkout's root where its context leads out of the service's own directory."""
    if not analysis.context.startswith(".."):
        return checkout, analysis
    context = posixpath.normpath(posixpath.join(checkout.subdirectory, analysis.context))
    return replace(checkout, subdirectory=""), replace(analysis, context=context)
