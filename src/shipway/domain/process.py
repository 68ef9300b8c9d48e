"""Process types (S3.4): the named commands of a release, each with its own scale, and how a command line becomes argv."""

import re
import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from shipway.domain.errors import Invalid

WEB = "web"

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")
_QUOTED = re.compile(r"""'[^']*'|"(?:\\.|[^"\\])*\"""")
_NEEDS_SHELL = re.compile(r"[|&;<>()`*?\[\]~#!]|\$\(|\$\{[^}]*[^A-Za-z0-9_}]|^\s*\w+=")


@dataclass(frozen=True, slots=True)
class ProcessType:
    """One line of a Procfile, or the image's own command."""

    name: str
    #: As the user wrote it; empty: the image's own CMD.
    command: str = ""
    #: Instances to begin with, until it is scaled.
    quantity: int = 1


#: Of an instance, where neither its service nor the environment says how much: bytes, and cores.
MEMORY = 512 * 1024 * 1024
CPUS = 1.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What an environment has its services' instances limited to, where these say nothing themselves (S1.1)."""

    #: Bytes; 0: nothing is said.
    memory: int = 0
    #: Cores; 0: nothing is said.
    cpus: float = 0.0


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Resources:
    """Hard limits of one instance (S9.2)."""

    #: Bytes. Of a service, 0 is its environment's; of a release it is never 0.
    memory: int = MEMORY
    #: Cores; 0.5 is half of one. 0 likewise.
    cpus: float = CPUS
    #: Processes and threads.
    pids: int = 512
    #: Whole devices by kind, such as `gpu`, which no other instance has meanwhile. See `Settings.devices`.
    devices: Mapping[str, int] = field(default_factory=dict)

    def within(self, limits: Limits) -> "Resources":
        """The same, with nothing left unsaid."""
        return replace(self, memory=self.memory or limits.memory or MEMORY, cpus=self.cpus or limits.cpus or CPUS)


#: Of a service that says nothing.
UNSAID = Resources(memory=0, cpus=0.0)


def process_name(value: str) -> str:
    """Return `value` if it can name a process type, else raise `Invalid`."""
    if not _NAME.fullmatch(value):
        raise Invalid(
            f"{value!r} can't name a process type.",
            hint="Use lower-case letters, digits, - and _, starting with a letter.",
        )
    return value


def argv(command: str, environment: Mapping[str, str], secret: Collection[str] = frozenset()) -> tuple[str, ...] | None:
    """The argument list for `command`; `None` for the image's own.

    A plain line is split as a shell would, with `$NAME` and `${NAME}` filled in from `environment` (outside quotes split
    in turn, as in `java $JAVA_OPTS -jar app.jar`), and executed directly, so that the app itself gets SIGTERM. Only a line
    that uses the shell's own syntax gets one, and a line with a variable that is `secret`: what is filled in here can be
    read by whoever may look at the engine.
    """
    if not command.strip():
        return None
    plain = _without_single_quoted(command)
    if _NEEDS_SHELL.search(plain) or any(name in secret for pair in _VARIABLE.findall(plain) for name in pair):
        return ("/bin/sh", "-c", command)
    try:
        words = shlex.split(_shield_quoted_dollars(command))
    except ValueError as error:
        raise Invalid(f"The command {command!r} can't be read: {error}.", hint="Check its quotes.") from error
    filled = tuple(part.replace("\0", "$") for word in words for part in _expand(word, environment))
    # Of nothing an engine would make the image's own command; of an empty word it makes an error.
    return filled or ("",)


def _expand(word: str, environment: Mapping[str, str]) -> list[str]:
    """As a shell does: what stands outside quotes is split at spaces when it is filled in, and goes when it is empty."""
    fill = partial(_VARIABLE.sub, lambda match: environment.get(match[1] or match[2], ""))
    if "$" in word and not re.search(r"\s|\x01", word):
        return fill(word).split()
    return [fill(word.replace("\1", "$"))]


def _without_single_quoted(command: str) -> str:
    return re.sub(r"'[^']*'", "''", command)


def _shield_quoted_dollars(command: str) -> str:
    """`\\0` for the dollars of single quotes, which stay; `\\1` for those of double quotes, which are filled in whole."""
    return _QUOTED.sub(lambda match: match[0].replace("$", "\0" if match[0][0] == "'" else "\1"), command)
