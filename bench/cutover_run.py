"""Runs the story of `bench.cutover`: one operation after the other, and Shipway killed in some of them."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

from bench.cutover_account import NOT_OFFERED, Done
from bench.cutover_operations import SPAN, Operation, cancel
from bench.cutover_stage import NotOffered, Refused, Stage

#: Share of the operations in which Shipway is killed.
KILLED = 0.25


@dataclass(frozen=True)
class Interruption:
    """When in an operation Shipway is killed: so many seconds after it was asked for, or after its follow-up."""

    after: float
    followed_up: bool

    @classmethod
    def draw(cls, random: Random) -> "Interruption | None":
        """One for some of the operations."""
        share, after, followed_up = random.random(), random.uniform(0, SPAN), random.random() < 0.5
        return cls(after, followed_up) if share < KILLED else None


def perform(stage: Stage, story: Sequence[Operation], note: Callable[[Done], None]) -> None:
    """All of it, telling each as it is done. Raises `Stopped`."""
    for number, operation in enumerate(story, 1):
        interruption = Interruption.draw(stage.random)
        began, kills = time.time(), len(stage.kills)
        end = _attempt(stage, operation, interruption)
        expected = end.outcome in operation.ends or end.outcome == NOT_OFFERED
        killed = len(stage.kills) > kills
        note(Done(number, operation.name, end.outcome, expected, began, time.time(), killed, end.detail, end.release))


@dataclass(frozen=True)
class _End:
    """Of an operation."""

    outcome: str
    detail: str
    release: int | None = None


def _attempt(stage: Stage, operation: Operation, interruption: Interruption | None) -> _End:
    """How it ended, and why where that is not plain."""
    try:
        with _strategy(stage, operation):
            ended = _act(stage, operation, interruption)
    except NotOffered as error:
        return _End(NOT_OFFERED, str(error))
    except Refused as error:
        return _End("refused", str(error))
    except TimeoutError as error:
        return _End("stuck", str(error))
    failure = ended["failure"] or {}
    told = f"d{ended['number']} {failure.get('code', '')} {failure.get('message', '')}".rstrip()
    return _End(ended["state"], told, ended["release"])


def _act(stage: Stage, operation: Operation, interruption: Interruption | None) -> dict[str, Any]:
    if operation.needs:
        stage.path_of(operation.needs)
    deployment_id = operation.ask(stage)
    try:
        return _follow(stage, operation, interruption, deployment_id)
    except (Refused, TimeoutError):
        # Out of the way of the next one.
        cancel(stage, deployment_id)
        raise


def _follow(
    stage: Stage, operation: Operation, interruption: Interruption | None, deployment_id: str
) -> dict[str, Any]:
    if interruption and not interruption.followed_up:
        _interrupt(stage, interruption)
    if operation.follow_up:
        operation.follow_up(stage, deployment_id)
    if interruption and interruption.followed_up:
        _interrupt(stage, interruption)
    return stage.wait(deployment_id)


def _interrupt(stage: Stage, interruption: Interruption) -> None:
    stage.pause(interruption.after)
    stage.kill()


@contextmanager
def _strategy(stage: Stage, operation: Operation) -> Iterator[None]:
    """The service is set to the operation's strategy meanwhile."""
    if not operation.strategy:
        yield
        return
    stage.set(strategy=dict(operation.strategy))
    try:
        yield
    finally:
        stage.set(strategy={"type": "rolling"})
