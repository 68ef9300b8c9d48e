"""Why an instance is not healthy: rules over what was observed, each with its evidence, in the order of certainty (S7.4).

Pure. What the machine knows (killed for memory, exit codes, sockets, answers) says what became of the instance; its log
is asked for the cause only where that leaves one open. Every rule's `code` is stable and listed in
`docs/reference/failures.md`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from shipway.domain.errors import Unhealthy
from shipway.domain.probe import Probe
from shipway.domain.workload import Executed, Socket
from shipway.pipeline.diagnosis_command import refused
from shipway.pipeline.diagnosis_lines import about, plain, reason, telling
from shipway.pipeline.diagnosis_rule import Cause, likeliest
from shipway.pipeline.diagnosis_rules import RULES


@dataclass(frozen=True, slots=True)
class Observation:
    """What can be seen of an instance from outside."""

    instance: str
    #: Port the probe asked on.
    port: int = 0
    probe: Probe = field(default_factory=Probe)
    #: Last status by path.
    answers: Mapping[str, int] = field(default_factory=dict)
    #: How the health check's command ended last, where it is one. Without secrets.
    ran: Executed | None = None
    #: Sockets it listens on; `None` when that can't be seen.
    sockets: tuple[Socket, ...] | None = None
    #: Seconds waited until time was over.
    waited: float = 0.0
    #: `None` while it runs.
    exit_code: int | None = None
    oom_killed: bool = False
    #: Last lines it wrote.
    tail: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """The same lines as they are searched and shown."""
        return plain(self.tail)

    @property
    def cause(self) -> Cause | None:
        """What the log says plainly."""
        return likeliest(RULES, self.lines, self.exit_code)


def diagnose(seen: Observation) -> Unhealthy:
    """The first rule that fits; there is always one."""
    return next(found for rule in _RULES if (found := rule(seen)) is not None)


def misplaced(seen: Observation) -> Unhealthy | None:
    """Why waiting longer is of no use: the very port is taken on the loopback address only. `None` when it may still come."""
    here = [socket for socket in seen.sockets or () if socket.port == seen.port]
    return _on_loopback(seen) if here and all(socket.loopback for socket in here) else None


def _out_of_memory(seen: Observation) -> Unhealthy | None:
    if not seen.oom_killed:
        return None
    whole = "was" if seen.exit_code is not None else "runs, but a process of it was"
    fact = "killed by the kernel: memory limit" + (
        f", exit code {seen.exit_code}" if seen.exit_code is not None else ""
    )
    return _unhealthy(
        "out-of-memory",
        f"{seen.instance} {whole} killed for exceeding its memory limit.",
        "Give it more memory (`shipway services set PATH --memory 1g`), or let it start fewer workers.",
        (fact, *seen.lines[-5:]),
    )


def _exited(seen: Observation) -> Unhealthy | None:
    if seen.exit_code is None:
        return None
    how = f"by signal {seen.exit_code - 128}" if 128 < seen.exit_code <= 192 else f"with exit code {seen.exit_code}"
    what = f"{seen.instance} exited {how} before it was healthy"
    if cause := seen.cause:
        return _caused(seen, what, cause)
    why, hint = reason(seen.lines), _HINTS.get(seen.exit_code, _ANY_HINT)
    code, said = _BY_EXIT_CODE.get(seen.exit_code, ("app-exited", why))
    return _unhealthy(code, f"{what}: {said.rstrip('.')}." if said else f"{what}.", hint, telling(seen.lines))


def _command_failed(seen: Observation) -> Unhealthy | None:
    if seen.ran is None:
        return None
    told = refused(seen.instance, seen.probe, seen.ran, seen.lines)
    return _unhealthy("health-command-failed", told.message, told.hint, told.evidence)


def _server_error(seen: Observation) -> Unhealthy | None:
    failing = {path: status for path, status in seen.answers.items() if status >= 500}
    if not failing:
        return None
    path, status = next(iter(failing.items()))
    what, answered = f"{seen.instance} answers {status} on {path}", _answers(failing)
    if cause := seen.cause:
        return _caused(seen, what, cause, code="server-error", facts=answered)
    return _unhealthy(
        "server-error",
        f"{what}: {why}." if (why := reason(seen.lines).rstrip(".")) else f"{what}.",
        "The app runs but fails on this request: its last lines usually hold the traceback.",
        (*answered, *telling(seen.lines)),
    )


def _unexpected_status(seen: Observation) -> Unhealthy | None:
    if not seen.answers:
        return None
    path, status = next(iter(seen.answers.items()))
    wanted = ", ".join(map(str, seen.probe.success))
    code, hint = {
        400: (
            "bad-host",
            f"Allow the host name it is asked for: many frameworks refuse unknown ones. Wanted: {wanted}.",
        ),
        404: ("no-such-path", f"Add a route at {path}, or set the right one with --health-path."),
    }.get(status, ("unexpected-status", f"Wanted {wanted}. Point --health-path at a route that answers so."))
    if 300 <= status < 400:
        code, hint = "redirects", "Point --health-path at a route that answers without a redirect."
    evidence = (*_answers(seen.answers), *about(seen.lines, path, "ALLOWED_HOSTS", "Blocked host", "HTTP_HOST"))
    return _unhealthy(code, f"{seen.instance} answers {status} on {path}.", hint, evidence)


def _on_loopback(seen: Observation) -> Unhealthy | None:
    mine = [socket for socket in seen.sockets or () if socket.port == seen.port]
    if not mine or not all(socket.loopback for socket in mine):
        return None
    return _unhealthy(
        "listening-on-loopback",
        f"{seen.instance} listens on {mine[0].address}:{seen.port} only; nothing outside it can reach that.",
        "Listen on 0.0.0.0 instead of 127.0.0.1 or localhost, e.g. --host 0.0.0.0.",
        (*_listening(mine), *about(seen.lines, f":{seen.port}", "localhost")),
    )


def _on_another_port(seen: Observation) -> Unhealthy | None:
    others = sorted({socket.port for socket in seen.sockets or ()} - {seen.port})
    if not others or any(socket.port == seen.port for socket in seen.sockets or ()):
        return None
    ports = ", ".join(map(str, others))
    return _unhealthy(
        "listening-on-another-port",
        f"{seen.instance} listens on port {ports}, not on {seen.port}.",
        f"Listen on the port that the variable PORT holds ({seen.port}), or set the service's: --port {others[0]}.",
        (*_listening(seen.sockets or ()), *about(seen.lines, *map(str, others))),
    )


def _not_listening(seen: Observation) -> Unhealthy | None:
    if seen.sockets is None or seen.sockets:
        return None
    what = f"{seen.instance} runs but listens on no port after {seen.waited:.0f} s"
    if cause := seen.cause:
        return _caused(seen, what, cause)
    return _unhealthy(
        "not-listening",
        f"{what}.",
        f"Start a server on 0.0.0.0:{seen.port} (the variable PORT). If it only starts slowly, raise --health-timeout.",
        telling(seen.lines),
    )


def _no_answer(seen: Observation) -> Unhealthy:
    return _unhealthy(
        "no-answer",
        f"{seen.instance} did not answer on port {seen.port} within {seen.waited:.0f} s.",
        "It may hang, or start slowly: look at its last lines; --health-timeout gives it longer.",
        (*_listening(seen.sockets or ()), *telling(seen.lines)),
    )


def _caused(seen: Observation, what: str, cause: Cause, *, code: str = "", facts: Sequence[str] = ()) -> Unhealthy:
    """An error that was told after the cause is shown, too: whether it followed from it is for people to say."""
    evidence = (*facts, *cause.evidence, reason(seen.lines[cause.line + 1 :]))
    told = tuple(filter(None, dict.fromkeys(evidence)))
    return _unhealthy(code or cause.code, f"{what}: {cause.cause}.", cause.hint, told)


def _answers(answers: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(f"GET {path} → {status}" for path, status in answers.items())


def _listening(sockets: Sequence[Socket]) -> tuple[str, ...]:
    return tuple(f"listens on {socket.address} port {socket.port}" for socket in sockets)


def _unhealthy(code: str, message: str, hint: str, evidence: Sequence[str]) -> Unhealthy:
    return Unhealthy(message, hint=hint, code=code, evidence=tuple(evidence)[:_MOST_EVIDENCE])


_MOST_EVIDENCE = 15
_ANY_HINT = "Its lines below usually say why. Run it locally with the same config vars."
#: What certain exit codes mean by themselves.
_BY_EXIT_CODE = {
    126: ("command-not-executable", "what it is started with exists, but can't be executed"),
    127: ("command-not-found", "what it is started with was not found in the image"),
}
_HINTS = {
    0: "It ended as if its work was done: a service must keep running. Check the start command.",
    126: "The start command exists but can't be executed: check its permissions and its first line.",
    127: "The start command was not found in the image: check its spelling and that it is installed.",
    132: "Illegal instruction: it was built for a newer processor than this machine has.",
    137: "It was killed, and not for exceeding its memory limit: does something in it, such as a watchdog, do that?",
    139: "It crashed in native code (segmentation fault): often an extension that was built for another version or libc.",
    143: "Something in it asked it to end (SIGTERM).",
}

_RULES: tuple[Callable[[Observation], Unhealthy | None], ...] = (
    _out_of_memory,
    _exited,
    _command_failed,
    _server_error,
    _unexpected_status,
    _on_loopback,
    _on_another_port,
    _not_listening,
    _no_answer,
)
