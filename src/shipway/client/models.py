"""What the server answers with, as it comes: dictionaries whose keys are known. `/openapi.json` explains each field."""

from typing import Any, Literal, NotRequired, TypedDict

StepState = Literal["pending", "running", "complete", "error", "skipped"]


class WhoAmI(TypedDict):
    """The bearer of a token."""

    name: str
    admin: bool
    workspaces: list[str]


class Workspace(TypedDict):
    """A tenant."""

    name: str
    created_at: str


class Project(TypedDict):
    """Things shipped together."""

    workspace: str
    name: str
    created_at: str


class Environment(TypedDict):
    """One place a project runs in."""

    workspace: str
    project: str
    name: str
    kind: str
    created_at: str


class Failure(TypedDict):
    """Why a deployment failed."""

    code: str
    message: str
    hint: str
    evidence: list[str]
    step: str


class Step(TypedDict):
    """One step of a deployment."""

    name: str
    state: StepState
    started_at: str | None
    finished_at: str | None
    seconds: float | None
    summary: str


class Cutover(TypedDict):
    """What a switch of traffic did to requests."""

    verdict: str
    old: int
    new: int
    in_flight: int
    drained: int
    cut: int
    errors_5xx: int
    broken: int
    slowest_ms: int
    interrupted: bool
    asked: int
    lost: int


class Guarded(TypedDict):
    """What the guard saw after the switch."""

    verdict: str
    why: str
    undone_by: int | None


class Move(TypedDict):
    """One act on the world."""

    verb: str
    what: str


class ProcessChange(TypedDict):
    """How many instances of a process type there are."""

    name: str
    before: int
    after: int


class ConfigChange(TypedDict):
    """A config var that changes."""

    name: str
    change: str


class Capacity(TypedDict):
    """An amount of what instances are given."""

    memory: int
    cpus: float
    devices: dict[str, int]


class Plan(TypedDict):
    """What a deployment does to what runs, in order, and why in that way."""

    summary: str
    release: int
    image: str
    replaces: int | None
    strategy: str
    mode: str
    reason: str
    why: str
    waits: bool
    interrupts: list[str]
    moves: list[Move]
    processes: list[ProcessChange]
    config: list[ConfigChange]
    needed: Capacity
    free: Capacity
    at_once: int
    warnings: list[str]


class Deployment(TypedDict):
    """One attempt to make a release live; `steps`, `plan`, `cutover` and `position` are left out in lists."""

    id: str
    number: int
    service: str
    action: str
    state: str
    status_label: str
    trigger: str
    actor: str
    revision: dict[str, str]
    release: int | None
    failure: Failure | None
    weakly_verified: str
    cancel_requested: bool
    promote_requested: bool
    require_zero_downtime: bool
    created_at: str
    started_at: str | None
    live_at: str | None
    finished_at: str | None
    guarded: Guarded | None
    steps: NotRequired[list[Step]]
    plan: NotRequired[Plan | None]
    cutover: NotRequired[Cutover | None]
    position: NotRequired[int | None]


class DeploymentPage(TypedDict):
    """Some deployments, newest first."""

    deployments: list[Deployment]
    next_before: int | None


class Health(TypedDict):
    """How a deployment passed its probe."""

    answered: str
    weak: bool
    hint: str


class Explanation(TypedDict):
    """Why a deployment is as it is."""

    id: str
    number: int
    service: str
    state: str
    summary: str
    step: str
    since: str | None
    failure: Failure | None
    health: Health | None
    serving: int | None
    reference: str


class Release(TypedDict):
    """Image, config, process types and settings, frozen."""

    number: int
    image: dict[str, Any]
    commit: str
    processes: list[dict[str, str]]
    port: int
    settings: dict[str, Any]
    config_names: list[str]
    config_hash: str
    release_command: str
    derived_from: int | None
    created_at: str


class Restart(TypedDict):
    """That a live instance ended and was started again."""

    at: str
    reason: str


class Instance(TypedDict):
    """One running copy of one process type."""

    name: str
    process: str
    release: int
    deployment: str
    state: str
    exit_code: int | None
    oom_killed: bool
    restarts: int
    last_restart: Restart | None
    live: bool
    ready: bool
    started_at: str | None


class Service(TypedDict):
    """One deployable unit and how it is."""

    path: str
    workspace: str
    project: str
    environment: str
    name: str
    state: str
    url: str
    hosts: list[str]
    source: dict[str, str]
    settings: dict[str, Any]
    scale: dict[str, int]
    traffic: str
    live: Deployment | None
    latest: Deployment | None
    instances: list[Instance]
    created_at: str


class Scaled(TypedDict):
    """What scaling led to."""

    scale: dict[str, int]
    deployment: Deployment | None


class Traffic(TypedDict):
    """Whether requests reach a service's instances."""

    mode: str


class Stage(TypedDict):
    """One line of the stage table."""

    name: str
    status: StepState


class Status(TypedDict):
    """How a deployment is going."""

    service: str
    workspace: str
    project: str
    environment: str
    name: str
    stages: list[Stage]
    outcome: Literal["active", "error"] | None
    status_label: str
    update_status: str
    mark: str | None
    deployment: Deployment


class Token(TypedDict):
    """An API token without its text."""

    id: str
    label: str
    created_at: str
    expires_at: str | None


class NewToken(TypedDict):
    """An API token as it is shown once."""

    token: str


class Config(TypedDict):
    """Config vars, and names of those that builds get and of what only builds get."""

    config: dict[str, str]
    buildtime: list[str]
    build_secrets: list[str]


class Registry(TypedDict):
    """What a private registry is told, without its password."""

    host: str
    username: str
    kind: str
    updated_at: str
    updated_by: str


class BaseImage(TypedDict):
    """An image that a build stood on."""

    reference: str
    digest: str


class Build(TypedDict):
    """One attempt to make an image; the last six are left out in lists."""

    number: int
    state: str
    deployment: int
    deployment_id: str
    revision: str
    provider: str
    digest: str
    size: int
    seconds: float | None
    steps: int
    cached: int
    failure: Failure | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    bases: NotRequired[list[BaseImage]]
    arguments: NotRequired[list[str]]
    secrets: NotRequired[list[str]]
    dockerfile_sha256: NotRequired[str]
    dockerfile: NotRequired[str]
    pinned_dockerfile: NotRequired[str]


class BuildPage(TypedDict):
    """Some builds, newest first."""

    builds: list[Build]
    next_before: int | None


class Freed(TypedDict):
    """What emptying a cache led to."""

    bytes: int


class Upload(TypedDict):
    """What was uploaded."""

    digest: str


class LogLine(TypedDict):
    """One line that an instance wrote."""

    at: str
    stream: str
    text: str
    instance: str


class StepText(TypedDict):
    """New text in a step's log."""

    step: str
    offset: int
    text: str
