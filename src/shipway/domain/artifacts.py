"""What the steps hand each other: frozen, serialisable, recorded in the journal, never holding a secret value.

Recordings outlive upgrades: a new field needs a default, and `tests/unit/test_codec.py` decodes older ones.
"""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from shipway.domain.cutover import Cutover
from shipway.domain.plan import Plan
from shipway.domain.probe import Liveness, Probe
from shipway.domain.process import ProcessType
from shipway.domain.strategy import StrategyType
from shipway.domain.traffic import Traffic


@dataclass(frozen=True, slots=True)
class Checkout:
    """An exact revision of the source. The directory is not part of it: `Sources.ensure` puts the tree back anywhere."""

    kind: str
    #: Repository URL or path; empty for an upload.
    location: str
    #: Commit (40 hex digits) or SHA-256 of the uploaded archive.
    revision: str
    #: Branch or tag it was asked for by, empty when by commit.
    ref: str = ""
    #: First line of the commit message.
    subject: str = ""
    subdirectory: str = ""

    @property
    def short(self) -> str:
        """The revision as people read it."""
        return self.revision[:12]

    @property
    def summary(self) -> str:
        """In one line, for the table of steps."""
        return " · ".join(filter(None, (self.ref, self.short, self.subject)))


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


@dataclass(frozen=True, slots=True)
class Built:
    """An image in the engine's own store, not pushed yet."""

    #: Build number n of the service; the tag is `v{n}`.
    number: int
    #: Commit or upload it was built from.
    revision: str
    #: Engine's content id, `sha256:…`.
    image_id: str
    #: Local name that keeps it from being pruned until it is pushed.
    local_tag: str
    seconds: float = 0.0

    @property
    def summary(self) -> str:
        """In one line, for the table of steps."""
        return f"v{self.number}"


@dataclass(frozen=True, slots=True)
class Image:
    """An image that can be run: always by digest."""

    #: `registry/workspace/name@sha256:…`, what the engine is given.
    reference: str
    #: `sha256:…`
    digest: str
    #: `v{n}` of the built-in registry, or the foreign reference as the user wrote it.
    label: str
    #: Build number; 0 for a foreign image.
    build: int = 0
    #: Port the image EXPOSEs; 0 for none or several.
    exposed_port: int = 0
    #: Commit or upload it was built from; empty for a foreign image.
    revision: str = ""

    @property
    def summary(self) -> str:
        """In one line, for the table of steps."""
        return f"{self.label}, {self.digest[:19]}"


@dataclass(frozen=True, slots=True)
class Released:
    """A release that exists: its content, which may hold secrets, stays in the store."""

    id: str
    #: `v{number}`
    number: int
    #: How it comes to serve; `None` in what was recorded before there were plans.
    plan: Plan | None = None

    @property
    def summary(self) -> str:
        """In one line, for the table of steps."""
        return f"v{self.number}"


@dataclass(frozen=True, slots=True)
class Target:
    """One instance as the proxy sees it."""

    #: The instance's name, which is also the proxy's name for it.
    name: str
    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Rollout:
    """The started instances of one deployment."""

    deployment_id: str
    release_id: str
    #: Instances of `web`, in ordinal order.
    targets: tuple[Target, ...]
    #: Names of all instances that it is to have, of every process type, and of those that it took over.
    instances: tuple[str, ...]
    #: What it was started by; `None` in what was recorded before there were plans.
    plan: Plan | None = None
    #: Requests that were cut as the old ones had to stop first.
    cut: int = 0

    @property
    def strategy(self) -> StrategyType:
        """How traffic moves to it."""
        return self.plan.strategy if self.plan else "rolling"

    @property
    def waits(self) -> bool:
        """Whether the switch waits for somebody's word."""
        return self.plan is not None and self.plan.waits

    @property
    def handover(self) -> tuple[str, ...]:
        """Those that start only when their predecessors have ended."""
        return self.plan.handover if self.plan else ()

    @property
    def first(self) -> tuple[str, ...]:
        """The others."""
        return tuple(name for name in self.instances if name not in self.handover)

    @property
    def summary(self) -> str:
        """In one line, for the table of steps."""
        taken = len(self.plan.named("adopt")) if self.plan else 0
        started = len(self.first) - taken
        return ", ".join(
            filter(None, (f"{taken} taken over" if taken else "", f"{started} started" if started else ""))
        )


@dataclass(frozen=True, slots=True)
class Health:
    """How the rollout passed."""

    #: Path or kind of check that answered, per instance the same: `GET /healthz → 200`.
    answered: str
    #: True when no strict check was configured and a fallback counted (S7.2).
    weak: bool = False
    hint: str = ""

    @property
    def summary(self) -> str:
        """In one line, for the table of steps."""
        return f"{self.answered}{', weakly verified' if self.weak else ''}"


@dataclass(frozen=True, slots=True)
class Tried:
    """A canary passed."""

    #: Requests that it answered while it was one, and how they compare.
    requests: int = 0
    why: str = ""

    @property
    def summary(self) -> str:
        """In one line, for the table of steps."""
        return self.why or "nothing to compare with"


@dataclass(frozen=True, slots=True)
class HandedOver:
    """Of process types that must not run twice, the new instances run."""

    instances: tuple[str, ...]

    @property
    def summary(self) -> str:
        """In one line, for the table of steps."""
        return f"{len(self.instances)} handed over"


@dataclass(frozen=True, slots=True)
class Promoted:
    """Somebody gave the word."""

    @property
    def summary(self) -> str:
        """In one line, for the table of steps."""
        return "promoted"


@dataclass(frozen=True, slots=True)
class Switch:
    """Traffic has moved."""

    #: Deployments whose instances no longer get new requests and are to be drained and stopped.
    retired: tuple[str, ...]
    #: What the proxy had counted for each of them, and for the new one, as traffic had moved.
    carried: Mapping[str, Traffic] = field(default_factory=dict)
    #: The one of them that had the traffic; empty for none.
    former: str = ""
    #: Requests of Shipway's own around the switch, and those of them that got no answer.
    asked: int = 0
    lost: int = 0

    @property
    def summary(self) -> str:
        """In one line, for the table of steps."""
        return "live"


@dataclass(frozen=True, slots=True)
class Finished:
    """What finalize left behind."""

    #: What the switch did to requests; `None` when nothing had the traffic before.
    cutover: Cutover | None = None

    @property
    def summary(self) -> str:
        """In one line, for the table of steps."""
        return self.cutover.summary if self.cutover else "nothing to replace"
