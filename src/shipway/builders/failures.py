"""Why a build failed: from what is left of it to a stable class with evidence and a hint. Pure.

The classes are documented in `docs/reference/failures.md`; the rules that tell them apart are data, in `failure_rules.py`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shipway.builders.failure_rule import Rule
from shipway.builders.failure_rules import AROUND_A_COMMAND, IN_A_COMMAND
from shipway.builders.progress import readable
from shipway.domain.errors import BuildFailed, Unavailable

#: Lines shown when nothing better is known than how it ended.
_TAIL = 15
_EVIDENCE = 5
_SHOWN_INSTRUCTION = 100

_ENGINE_GONE = re.compile(
    r"Cannot connect to the Docker daemon|error during connect|code = Unavailable|failed to dial gRPC|transport is closing"
)
#: The engine could not even start a step's container.
_ENGINE_BROKEN = re.compile(r"failed to create endpoint|failed to create shim")
_EXIT_CODE = re.compile(r"(?:exit code: |exit status )(\d+)")
_SNIPPET_LINE = re.compile(r"\S*[Dd]ockerfile\S*:(\d+)")
_ERROR_PREFIX = re.compile(
    r"^(?:ERROR: |failed to solve(?: with frontend [\w.]+)?: |rpc error: code = \w+ desc = |failed to create LLB definition: )+"
)
_IMAGE = re.compile(
    r"(?:load metadata for|resolve image config for|^FROM) (?:docker-image://)?(?:docker\.io/(?:library/)?)?(\S+)"
)


@dataclass(frozen=True, slots=True)
class Wreck:
    """What is left of a build that failed; all of it may be empty."""

    #: The step that failed: a Dockerfile's instruction, or one of BuildKit's own such as `load metadata for …`.
    instruction: str = ""
    #: What BuildKit says about that step.
    error: str = ""
    #: The last lines the step's command wrote.
    output: Sequence[str] = ()
    #: What the builder said outside of any step.
    said: Sequence[str] = ()


def classify(wreck: Wreck, dockerfile: str = "") -> BuildFailed:
    """The failure's class as `BuildFailed.code`, the lines that prove it, and what to do; never fails itself."""
    exit_code = _exit_code(wreck.error)
    if exit_code is None:
        return _around_a_command(wreck, dockerfile)
    facts = {"instruction": _shown(wreck.instruction), "exit": str(exit_code)}
    for rule in IN_A_COMMAND:
        if rule.applies_to(exit_code) and (found := _find(rule, wreck.output)) is not None:
            return _failure(rule, facts, found)
    return BuildFailed(
        "{instruction} ended with exit code {exit}.".format_map(facts),
        code="build-command-failed",
        hint="Its last lines are below; the same command fails the same way in a local `docker build`.",
        evidence=wreck.output[-_TAIL:],
    )


def engine_failure(wreck: Wreck, client_exit_code: int) -> Unavailable | None:
    """The world's fault, when it is that: the engine is gone or broken, or the docker client was killed; else `None`."""
    if client_exit_code < 0:
        return Unavailable(f"The docker command was ended by signal {-client_exit_code}.", hint="Was memory short?")
    # What a command's error quotes is the app's own text, and proves nothing.
    told = "" if _exit_code(wreck.error) is not None else "\n".join((wreck.error, *wreck.said))
    if _ENGINE_BROKEN.search(told):
        why = wreck.error.rpartition("]: ")[2]
        return Unavailable(f"The Docker engine could not run a build step: {why}", hint="See the engine's own log.")
    if _ENGINE_GONE.search(told):
        return Unavailable("The Docker engine went away during the build.", hint="Is it being restarted?")
    return None


def timed_out(seconds: float, instruction: str, lines: Sequence[str]) -> BuildFailed:
    """The failure of a build that was ended after `seconds`, while `instruction` ran."""
    during = f", in {_shown(instruction)}" if instruction else ""
    return BuildFailed(
        f"The build was ended after {seconds:g} s{during}.",
        code="build-timeout",
        hint="Make that step faster or see what it waits for; otherwise raise the service's build_timeout.",
        evidence=tuple(lines)[-_TAIL:],
    )


def _around_a_command(wreck: Wreck, dockerfile: str) -> BuildFailed:
    said = tuple(_ERROR_PREFIX.sub("", line) for line in wreck.said)
    image = _IMAGE.search(wreck.instruction)
    facts = {
        "instruction": _shown(wreck.instruction) or "the build",
        "at": _at(_line_number(wreck, dockerfile)),
        "image": image[1] if image else "the base image",
    }
    for rule in AROUND_A_COMMAND:
        if (found := _find(rule, (wreck.error, *said))) is not None:
            return _failure(rule, facts, found)
    last = wreck.error or (said[-1] if said else "the builder said nothing")
    return BuildFailed(
        f"The build failed{facts['at']}: {last}",
        code="build-failed",
        hint="See the build's log; `docker build` on the same source shows the same.",
        evidence=tuple(wreck.said)[-_TAIL:] or tuple(wreck.output)[-_TAIL:],
    )


@dataclass(frozen=True, slots=True)
class _Found:
    evidence: tuple[str, ...]
    groups: Mapping[str, str]


def _find(rule: Rule, lines: Sequence[str]) -> _Found | None:
    """The last lines that a rule's patterns match, and the groups of the very last; a rule without patterns always matches."""
    if not rule.patterns:
        return _Found(tuple(lines[-_EVIDENCE:]), {})
    hits = [(line, match) for line in lines if line and (match := _match(rule, line))]
    if not hits:
        return None
    groups = {name: value for _, match in hits for name, value in match.groupdict().items() if value}
    return _Found(tuple(dict.fromkeys(line for line, _ in hits))[-_EVIDENCE:], groups)


def _match(rule: Rule, line: str) -> re.Match[str] | None:
    return next((match for pattern in rule.patterns if (match := pattern.search(line))), None)


def _failure(rule: Rule, facts: Mapping[str, str], found: _Found) -> BuildFailed:
    words = {"what": rule.fallback, "at": ""} | dict(facts)
    words |= {name: value.strip(" .'\"") for name, value in found.groups.items()}
    if "line" in found.groups:
        words["at"] = _at(found.groups["line"])
    return BuildFailed(
        rule.message.format_map(words), code=rule.code, hint=rule.hint.format_map(words), evidence=found.evidence
    )


def _exit_code(error: str) -> int | None:
    codes = _EXIT_CODE.findall(error)
    return int(codes[-1]) if codes else None


def _at(line: str) -> str:
    return f" at Dockerfile:{line}" if line else ""


def _line_number(wreck: Wreck, dockerfile: str) -> str:
    """Where the failed instruction stands: newer BuildKits say it, else the one line that begins like it."""
    for line in wreck.said:
        if match := _SNIPPET_LINE.fullmatch(line):
            return match[1]
    instruction = " ".join(wreck.instruction.split())
    begins = [
        number
        for number, text in enumerate(dockerfile.splitlines(), 1)
        if (start := " ".join(text.rstrip("\\ ").split())) and instruction.startswith(start)
    ]
    return str(begins[0]) if len(begins) == 1 else ""


def _shown(instruction: str) -> str:
    return f"`{readable(instruction, _SHOWN_INSTRUCTION)}`" if instruction else ""
