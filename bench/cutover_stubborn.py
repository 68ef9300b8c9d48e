"""Four apps that make their own end difficult, each redeployed several times under load, all at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.cutover_account import Lived
from bench.cutover_deaths import exit_codes, watched
from bench.cutover_load import FEW, VERY_SLOW, Kind
from bench.cutover_stage import Stage

#: Redeploys of each.
ROUNDS = 5


@dataclass(frozen=True)
class Stubborn:
    """One of them."""

    name: str
    title: str
    settings: Mapping[str, Any]
    config: Mapping[str, str] = field(default_factory=dict)
    kinds: Sequence[Kind] = FEW
    #: Exit code of each old instance.
    exit_code: int = 0


APPS = (
    Stubborn("exits", "exits at once on SIGTERM", {}, {"ON_TERM": "exit"}, exit_code=3),
    Stubborn("ignores", "ignores SIGTERM", {"stop_grace": 1}, {"ON_TERM": "ignore"}, exit_code=137),
    Stubborn("drains", "takes 20 s to drain", {"drain_timeout": 30}, kinds=(*FEW, VERY_SLOW)),
    Stubborn("shell", "has a shell around it", {"start_command": "echo begins && python3 app.py; echo ended"}),
)


def prepare(stages: Mapping[str, Stage], common: Mapping[str, Any]) -> None:
    """All of them live."""
    for app in APPS:
        stages[app.name].create({**common, **app.settings}, app.config)
        insist(stages[app.name], stages[app.name].deploy())


def redeploy(stages: Mapping[str, Stage]) -> tuple[Lived, ...]:
    """Each in turn, round by round. Returns when all that is old is gone."""
    live = dict.fromkeys(stages, 0)
    with watched(next(iter(stages.values())).shipway.installation) as told:
        for number in range(1, ROUNDS + 1):
            for name, stage in stages.items():
                live[name] += stage.wait(stage.deploy())["state"] == "live"
            print(f"[difficult ends, round {number} of {ROUNDS}] {sum(live.values())} redeploys live", flush=True)
        for stage in stages.values():
            stage.settle(120)
    return tuple(Lived(app.title, live[app.name], ROUNDS, exit_codes(told, app.name), app.exit_code) for app in APPS)


def insist(stage: Stage, deployment_id: str) -> None:
    """Raises `RuntimeError` unless it goes live."""
    ended = stage.wait(deployment_id)
    if ended["state"] != "live":
        raise RuntimeError(f"{stage.service} is {ended['state']}: {ended['failure']}")
