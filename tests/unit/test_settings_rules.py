"""What a service's settings must keep to, however they are changed."""

from typing import Any

import pytest

from shipway.domain.errors import Invalid
from shipway.domain.service import ServiceSettings
from shipway.domain.strategy import Strategy
from shipway.operations.services import merged

CANARY = merged(ServiceSettings(), {"strategy": {"type": "canary", "steps": (5, 25), "sample": 10}})


def test_what_is_given_changes_and_the_rest_stays() -> None:
    changed = merged(CANARY, {"strategy": {"interval": 5.0}, "resources": {"devices": {"gpu": 1}}, "keep_warm": 0})
    assert changed.strategy == Strategy("canary", steps=(5, 25), interval=5.0, sample=10)
    assert changed.resources.devices == {"gpu": 1}
    assert changed.resources.memory == CANARY.resources.memory
    assert merged(changed, {"resources": {"devices": {}}}).resources.devices == {}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"strategy": {"type": "canary", "steps": (50, 10)}}, "50,10"),
        ({"strategy": {"type": "canary", "steps": (10, 10)}}, "rise"),
        ({"strategy": {"type": "canary", "steps": (10, 100)}}, "1 to 99"),
        ({"strategy": {"type": "canary", "steps": (0, 10)}}, "1 to 99"),
        ({"strategy": {"type": "canary", "steps": ()}}, "none"),
        ({"strategy": {"promote": "manual"}}, "promote is for the strategy bluegreen, and this service's is rolling"),
        ({"strategy": {"type": "bluegreen", "steps": (10, 20)}}, "steps is for the strategy canary"),
        ({"strategy": {"sample": 5}}, "sample is for the strategy canary"),
        ({"probe": {"type": "command"}}, "needs its command"),
        ({"probe": {"type": "command", "command": " "}}, "needs its command"),
        (
            {"probe": {"command": "check"}},
            "command is for a health check of type command, and this service's is of type http",
        ),
        ({"probe": {"type": "command", "command": "check 'it"}}, "can't be read"),
        ({"stop_first": ("Beat!",)}, "Beat!"),
        ({"stop_first": ("clock", "web")}, "web never stops first by itself"),
        ({"resources": {"devices": {"GPU 0": 1}}}, "'GPU 0' is no kind of device"),
    ],
)
def test_what_cannot_be_meant_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(Invalid, match=told) as refused:
        merged(ServiceSettings(), changes)
    assert refused.value.hint


def test_settings_that_were_for_another_strategy_wait_until_it_is_back() -> None:
    rolling = merged(CANARY, {"strategy": {"type": "rolling"}})
    assert rolling.strategy.steps == (5, 25)
    assert merged(rolling, {"strategy": {"type": "rolling", "steps": (5, 25)}}) == rolling
    assert merged(rolling, {"strategy": {"type": "canary"}}) == CANARY


def test_a_command_waits_until_its_type_is_back() -> None:
    command = merged(ServiceSettings(), {"probe": {"type": "command", "command": "check"}})
    http = merged(command, {"probe": {"type": "http", "path": "/up"}})
    assert http.probe.command == "check"
    assert merged(http, {"probe": {"command": ""}}).probe.command == ""
    assert merged(http, {"probe": {"type": "command"}}).probe.command == "check"
