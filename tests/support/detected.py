"""What a detector makes of a few files."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from shipway.builders.detectors.detector import Candidate, Run
from shipway.builders.detectors.tree import Tree


def write_files(directory: Path, files: Mapping[str, object]) -> None:
    """These files, with the directories they are in: texts as they are, everything else as JSON."""
    for path, content in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(content if isinstance(content, str) else json.dumps(content))


def candidate(detect: Callable[[Tree], Candidate | None], directory: Path, files: Mapping[str, object]) -> Candidate:
    """The candidate for a tree of these files, of which there must be one."""
    write_files(directory, files)
    found = detect(Tree(directory))
    assert found
    return found


def commands(candidate: Candidate) -> list[str]:
    """All that its build runs, stage by stage."""
    steps = [step for stage in candidate.stages for step in stage.steps if isinstance(step, Run)]
    return [command for step in steps for command in step.commands]


def script(candidate: Candidate) -> str:
    """The same in one text, a line each."""
    return "\n".join(commands(candidate))


def evidence(candidate: Candidate) -> str:
    """Its evidence, a line each."""
    return "\n".join(f"{finding.text} ({finding.where})" for finding in candidate.evidence)
