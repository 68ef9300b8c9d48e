"""Why a health check's command did not pass: its exit code, what it said, and what that means. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from shipway.domain.probe import Probe
from shipway.domain.workload import Executed
from shipway.pipeline.diagnosis_lines import plain, reason, telling
from shipway.pipeline.diagnosis_rule import likeliest
from shipway.pipeline.diagnosis_rules import RULES

_CHANGE = "Change it: `shipway services set PATH --health-command …`."
_ANY = (
    "It runs inside the instance, with its config vars, and passes with exit code 0. If the app only starts slowly, "
    "raise --health-timeout."
)
_HINTS = {
    None: f"Let it ask for less, or give up earlier by itself: `timeout 5 …`. {_CHANGE}",
    126: f"It is there, but can't be executed: check its permissions and its first line. {_CHANGE}",
    127: f"Its program is not in the image: check its spelling, and that the image has it. {_CHANGE}",
    137: "It was killed. The instance's memory limit holds for the app and this command together: --memory raises it.",
}
_OWN_LINES = 5
#: Lines of a command that are all shown: what went to stdout may come after what went to stderr before it.
_FEW = 10


@dataclass(frozen=True, slots=True)
class Refused:
    """What is told of it."""

    message: str
    hint: str
    evidence: tuple[str, ...]


def refused(instance: str, probe: Probe, ran: Executed, lines: Sequence[str]) -> Refused:
    """Of a command that failed or hung; where it said nothing, the instance's own last `lines` may say why."""
    said = plain(ran.output.splitlines())
    how = _how(ran, probe)
    what = f"The health check `{probe.command}` {how} in {instance}"
    told = _telling(said) or tuple(lines[-_OWN_LINES:])
    if ran.exit_code not in _HINTS and (cause := likeliest(RULES, said, ran.exit_code)):
        return Refused(f"{what}: {cause.cause}.", cause.hint, tuple(dict.fromkeys((how, *cause.evidence, *told))))
    why = reason(said).rstrip(".")
    return Refused(f"{what}: {why}." if why else f"{what}.", _HINTS.get(ran.exit_code, _ANY), (how, *told))


def _telling(said: Sequence[str]) -> tuple[str, ...]:
    written = tuple(line for line in said if line.strip())
    return written if len(written) <= _FEW else telling(said)


def _how(ran: Executed, probe: Probe) -> str:
    if ran.exit_code is None:
        return f"did not end within {probe.longest_run:g} s"
    return f"ended with exit code {ran.exit_code}"
