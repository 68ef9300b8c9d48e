"""The zoo of broken repositories: what analysis alone refuses, and that there is one of each class."""

import re
from pathlib import Path

import pytest
from tests.support.broken import NAMES, ZOO, assert_told, expected_of

from shipway.builders.analysis import analyze
from shipway.domain.errors import DeployFailed
from shipway.domain.service import ServiceSettings

REFERENCE = Path(__file__).parents[2] / "docs/reference/failures.md"
REFUSED = [
    "copy-of-a-missing-file",
    "dockerfile-half-a-pair",
    "dockerfile-unknown-instruction",
    "exec-form-with-single-quotes",
    "package-json-malformed",
    "procfile-line-without-a-name",
    "stage-index-too-high",
    "start-command-missing",
]


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_certain_to_fail_is_refused_before_it_is_built(name: str) -> None:
    with pytest.raises(DeployFailed) as failure:
        analyze(ZOO / name, ServiceSettings(), lambda runtime, version: f"{runtime}:{version}")
    assert_told(failure.value, expected_of(name))


def test_each_class_of_the_build_step_is_documented_and_has_a_broken_repository() -> None:
    rows = [row.split("|") for row in REFERENCE.read_text().splitlines() if row.startswith("| `")]
    documented = {name for row in rows if "build" in row[2] for name in re.findall(r"`([a-z-]+)`", row[1])}
    present = {expected_of(name)["class"] for name in NAMES}
    # The first two need a registry (`test_buildkit.py`); the third is what is left when nothing else fits.
    assert documented - present == {"base-image-not-found", "build-failed"}
    assert present <= documented
