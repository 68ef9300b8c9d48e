"""Why a build failed: from what is left of it to a stable class with evidence and a hint. Pure.

The classes are documented in `docs/reference/failures.md`; the rules that tell them apart are data, in `failure_rules*.py`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shipway.builders.failure_packages import package_of
from shipway.builders.failure_place import here_document, image_of, line_of, misspelt_stage
from shipway.builders.failure_rule import DISK, Rule
from shipway.builders.failure_rules import IN_A_COMMAND, KILLED, OUT_OF_MEMORY, PROCESS_LIMIT
from shipway.builders.failure_rules_buildkit import AROUND_A_COMMAND, HERE_DOCUMENT
from shipway.builders.progress import readable
from shipway.domain.errors import BuildFailed, Unavailable

#: Lines shown when nothing better is known than how it ended.
_TAIL = 15
_EVIDENCE = 5
_SHOWN_INSTRUCTION = 100
_SHOWN_REASON = 200
#: Characters of a line that are searched: a log is its app's text, and may be anything.
_SEARCHED = 1000
_SIGKILL = 137

_ENGINE_GONE = re.compile(
    r"Cannot connect to the Docker daemon|error during connect|code = Unavailable|failed to dial gRPC|transport is closing"
)
#: The engine could not even start a step's container.
_ENGINE_BROKEN = re.compile(r"failed to create endpoint|failed to create shim")
_EXIT_CODE = re.compile(r"(?:exit code: |exit status )(\d+)")
_ERROR_PREFIX = re.compile(
    r"^(?:ERROR: |failed to solve(?: with frontend [\w.]+)?: |rpc error: code = \w+ desc = |failed to create LLB definition: )+"
)
#: What package managers add below an error, and never is the reason.
_FOOTER = re.compile(
    r"^\W*$|^npm (?:ERR!|error)\s*$|A complete log of this run|/_logs/|^npm (?:ERR!|error) (?:path|command|Lifecycle script)\b"
    r"|^\[INFO\]|^info Visit |ELIFECYCLE|^error Command failed with exit code"
    r"|^\[ERROR\](?: (?:\[Help|->|To see|Re-run|For more)|\s*$)"
    r"|note: This error originates from a subprocess"
)
#: A line that by itself says why.
_REASON = re.compile(r"^(?:[\w.]+(?:Error|Exception|Configured)|[Ee]rror|ERROR|fatal|panic|FATAL)\b: ?\S")
_QUESTION = re.compile(r"\[[yY]/[nN]\]|\(y/N\)|\?\s*$|Geographic area:|[Pp]assword(?: for .*)?:\s*$")


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


@dataclass(frozen=True, slots=True)
class Facts:
    """What the machine knows of a build besides its log. `None`: nobody looked, so the log is all there is."""

    #: The kernel killed something of the build for want of memory.
    oom_killed: bool | None = None
    #: The build came up against its memory limit: what was killed was killed for that. (With control groups of version 1
    #: the kernel does not tell of a group how many it killed.)
    memory_limit_met: bool = False
    #: The disk that the build writes to was full.
    disk_full: bool | None = None
    #: A process or thread was refused because the build had too many.
    pids_exhausted: bool | None = None
    #: Bytes the build may use; 0: not known.
    memory_limit: int = 0
    #: Processes and threads the build may have; 0: not known.
    pids_limit: int = 0


NO_FACTS = Facts()


def classify(wreck: Wreck, dockerfile: str = "", facts: Facts = NO_FACTS) -> BuildFailed:
    """The failure's class as `BuildFailed.code`, the lines that prove it, and what to do; never fails itself.

    `dockerfile` is the file's text, for the line of the failed step. What `facts` say goes before what the log looks like.
    """
    exit_code = _exit_code(wreck.error)
    words = {"instruction": _shown(wreck.instruction) or "The build", "at": _place(wreck, dockerfile)}
    if known := _by_facts(facts, exit_code):
        rule, limit = known
        shown = _find(rule, wreck.output) or _Found(_told(wreck.output)[-_EVIDENCE:], {})
        return _failure(rule, words | {"limit": limit, "exit": str(exit_code)}, shown)
    if exit_code is None:
        return _around_a_command(wreck, dockerfile, words)
    return _in_a_command(wreck, words | {"exit": str(exit_code)}, exit_code)


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


def timed_out(seconds: float, instruction: str, lines: Sequence[str], dockerfile: str = "") -> BuildFailed:
    """The failure of a build that was ended after `seconds`, while `instruction` ran."""
    during = f", in {_shown(instruction)}{_at(line_of(instruction, (), dockerfile))}" if instruction else ""
    asks = any(_QUESTION.search(line) for line in [line for line in lines if line.strip()][-2:])
    return BuildFailed(
        f"The build was ended after {seconds:g} s{during}.",
        code="build-timeout",
        hint="That step seems to wait for an answer, which nobody gives in a build: let it not ask (-y, --yes, "
        "DEBIAN_FRONTEND=noninteractive)."
        if asks
        else "Make that step faster or see what it waits for; a server must not be started in a build. "
        "Otherwise raise the service's build_timeout.",
        evidence=tuple(lines)[-_TAIL:],
    )


def _by_facts(facts: Facts, exit_code: int | None) -> tuple[Rule, str] | None:
    """The rule for what the machine knows, and the limit that was met, in words."""
    if facts.disk_full:
        return DISK, ""
    if exit_code is None:
        return None
    if facts.oom_killed or (facts.memory_limit_met and exit_code == _SIGKILL):
        return OUT_OF_MEMORY, f" ({facts.memory_limit / 2**20:.0f} MiB)" if facts.memory_limit else ""
    if facts.pids_exhausted:
        return PROCESS_LIMIT, f" ({facts.pids_limit})" if facts.pids_limit else ""
    return (KILLED, "") if facts.oom_killed is False and exit_code == _SIGKILL else None


def _in_a_command(wreck: Wreck, words: Mapping[str, str], exit_code: int) -> BuildFailed:
    for rule in IN_A_COMMAND:
        if rule.applies_to(exit_code) and (found := _find(rule, wreck.output)) is not None:
            return _failure(rule, words, found)
    reasons = [line for line in wreck.output if _REASON.search(line)]
    reason = f": {readable(reasons[-1], _SHOWN_REASON)}" if reasons else "."
    return BuildFailed(
        "{instruction}{at} ended with exit code {exit}".format_map(words) + reason,
        code="build-command-failed",
        hint="Its last lines are below; the same command fails the same way in a local `docker build`.",
        evidence=_told(wreck.output)[-_TAIL:],
    )


def _around_a_command(wreck: Wreck, dockerfile: str, words: dict[str, str]) -> BuildFailed:
    said = tuple(_ERROR_PREFIX.sub("", line) for line in wreck.said)
    if line := here_document(said, dockerfile):
        return _failure(HERE_DOCUMENT, words | {"at": _at(line)}, _Found(said[-1:], {}))
    if (name := misspelt_stage(wreck.instruction, dockerfile))[0]:
        return BuildFailed(
            f"No stage is named {name[0]}{words['at']}, so an image of that name was looked for.",
            code="dockerfile-error",
            hint=f"Did you mean --from={name[1]}?",
            evidence=tuple(filter(None, (wreck.error,))),
        )
    words["image"] = image_of(wreck.instruction) or "the base image"
    for rule in AROUND_A_COMMAND:
        if (found := _find(rule, (wreck.error, *said))) is not None:
            return _failure(rule, words, found)
    last = wreck.error or (said[-1] if said else "the builder said nothing")
    return BuildFailed(
        f"The build failed{words['at']}: {last}",
        code="build-failed",
        hint="See the build's log; `docker build` on the same source shows the same.",
        evidence=tuple(wreck.said)[-_TAIL:] or tuple(wreck.output)[-_TAIL:],
    )


@dataclass(frozen=True, slots=True)
class _Found:
    evidence: tuple[str, ...]
    groups: Mapping[str, str]


def _find(rule: Rule, lines: Sequence[str]) -> _Found | None:
    """The lines that a rule's patterns match, and the groups of the one that counts; without patterns it always matches."""
    if not rule.patterns:
        return _Found(_told(lines)[-_EVIDENCE:], {})
    hits = [(index, match) for index, line in enumerate(lines) if line and (match := _match(rule, line))]
    if not hits:
        return None
    hits = hits if rule.first else hits[::-1]
    first = hits[0][0]
    # Named again by another alternative, a group has a digit behind its name.
    groups = {
        name.rstrip("2"): value for _, match in reversed(hits) for name, value in match.groupdict().items() if value
    }
    shown = sorted(
        {*range(max(0, first - rule.before), first + 1 + rule.after), *(index for index, _ in hits[:_EVIDENCE])}
    )
    return _Found(_told([line for index in shown for line in lines[index : index + 1]]), groups)


def _match(rule: Rule, line: str) -> re.Match[str] | None:
    return next((match for pattern in rule.patterns if (match := pattern.search(line[:_SEARCHED]))), None)


def _told(lines: Sequence[str]) -> tuple[str, ...]:
    """The lines that say something, each once; all of them when none does."""
    return tuple(dict.fromkeys(line for line in lines if not _FOOTER.search(line))) or tuple(lines)


def _failure(rule: Rule, facts: Mapping[str, str], found: _Found) -> BuildFailed:
    words = {"what": rule.fallback, "runtime": "another version of its runtime:", "limit": ""} | dict(facts)
    words |= {name: value.strip().strip("'").rstrip(".") for name, value in found.groups.items()}
    words["package"] = package_of(words["what"])
    if "line" in found.groups:
        words["at"] = _at(int(found.groups["line"]))
    return BuildFailed(
        rule.message.format_map(words), code=rule.code, hint=rule.hint.format_map(words), evidence=found.evidence
    )


def _exit_code(error: str) -> int | None:
    codes = _EXIT_CODE.findall(error)
    return int(codes[-1]) if codes else None


def _at(line: int) -> str:
    return f" at Dockerfile:{line}" if line else ""


def _place(wreck: Wreck, dockerfile: str) -> str:
    return _at(line_of(wreck.instruction, wreck.said, dockerfile))


def _shown(instruction: str) -> str:
    return f"`{readable(instruction, _SHOWN_INSTRUCTION)}`" if instruction else ""
