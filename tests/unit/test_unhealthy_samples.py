"""The zoo of unhealthy apps has one of each class of the health step."""

import re
from pathlib import Path

from tests.support.unhealthy import NAMES, expected_of

from shipway.pipeline.diagnosis_rules import RULES

REFERENCE = Path(__file__).parents[2] / "docs/reference/failures.md"


def documented() -> set[str]:
    rows = [row.split("|") for row in REFERENCE.read_text().splitlines() if row.startswith("| `")]
    return {name for row in rows if "health" in row[2] for name in re.findall(r"`([a-z-]+)`", row[1])}


def test_each_class_of_the_health_step_is_documented_and_has_an_app() -> None:
    # Of an instance that somebody removes there is no app.
    assert documented() - {expected_of(name)["class"] for name in NAMES} == {"unhealthy"}


def test_each_class_that_a_log_can_prove_is_documented() -> None:
    assert {rule.code for rule in RULES} <= documented()
