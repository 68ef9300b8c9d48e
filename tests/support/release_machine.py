"""A state machine over Shipway and its model: how a rule does something to both, and what is looked at in the end.

Hypothesis' own machine, each with an event loop that stands still between two rules: so it shrinks what it finds to the few
rules that matter, and nothing happens that no rule has asked for.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from tests.support.release_checks import check, check_disk
from tests.support.release_outcome import settled
from tests.support.release_place import Place, Wish
from tests.support.release_pruning import prune
from tests.support.release_registry import can_be_had, image_of
from tests.support.release_secrets import shown_secrets
from tests.support.release_world import World

from shipway.domain.deployment import Deployment
from shipway.domain.errors import ImagePruned

Work = Callable[[Deployment], Coroutine[Any, Any, Collection[str] | None]]


class Machine(RuleBasedStateMachine):
    """A rule is something that somebody does; those that ask for a deployment see it through to its end."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        #: Whether there is anything left to find.
        self._sound = True
        self.world: World = self.run(World.open())

    def run(self, story: Coroutine[Any, Any, Any]) -> Any:
        try:
            return self._runner.run(story)
        except AssertionError:
            self._sound = False
            raise

    def teardown(self) -> None:
        try:
            if self._sound:
                self.run(self._look_everywhere())
        finally:
            self.run(self.world.close())
            self._runner.close()

    async def _look_everywhere(self) -> None:
        await check(self.world)
        check_disk(self.world)
        assert await shown_secrets(self.world) == []

    @property
    def _shipway(self) -> tuple[Any, Any]:
        return self.world.stack.platform, self.world.stack.actor

    def _deployment(
        self,
        place: Place,
        asked: Coroutine[Any, Any, Deployment | None],
        wish: Wish,
        *,
        prune_first: bool = False,
        work: Work | None = None,
    ) -> None:
        """`prune_first`: while it waits in the queue. `work` sees it through in another way than a worker alone."""

        async def story() -> None:
            if not can_be_had(self.world, place, wish):
                with pytest.raises(ImagePruned):
                    await asked
            elif made := await asked:
                for each in self.world.places.values() if prune_first else ():
                    await prune(self.world, each, 1, in_flight={image_of(place, wish)})
                await settled(self.world, place, made, wish, work(made) if work else None)

        self.run(story())


def run_machine(machine: type[Machine], *, stories: int, steps: int) -> None:
    """Run it: so many stories of many deployments in every run, a dozen with the thorough profile, fifty in `exploring`.
    The first two are Hypothesis' simplest: one does nothing, and one the simplest thing again and again."""
    assert settings.default
    examples = max(2 + stories, settings.default.max_examples // 40)
    run_state_machine_as_test(machine, settings=settings(max_examples=examples, stateful_step_count=steps))
