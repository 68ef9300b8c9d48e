"""The one-off run: one command that somebody runs, in a container of its own or beside an instance's app."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shipway.domain.errors import Invalid
from shipway.domain.names import ServicePath

#: `starting`: nothing of it has been started yet; an attached one waits for its client. `exited`: it ended by itself, and has
#: an exit code. `stopped`: it was ended. `failed`: it could not be started, or nobody knows how it ended.
OneOffState = Literal["starting", "running", "exited", "stopped", "failed"]
UNFINISHED: tuple[OneOffState, ...] = ("starting", "running")

#: Process type in the labels and in `SHIPWAY_PROCESS` of a container that was made for a run.
PROCESS = "run"
#: Seconds that a run may take when nobody says otherwise, and at most.
TIMEOUT, LONGEST = 24 * 3600.0, 7 * 24 * 3600.0
#: Runs of one service that are under way at the same time.
MOST_AT_ONCE = 10
#: Bytes of all words of a command.
_MOST_WORDS = 64 * 1024


@dataclass(frozen=True, slots=True)
class OneOff:
    """One run, and what has become of it."""

    id: str
    service_id: str
    release_id: str
    #: Number of the release that it is of.
    release: int
    #: Process type whose limits and grace it has.
    process: str
    #: Its words, as they are given to the engine. Shown to whoever sees the service: no place for secrets.
    command: tuple[str, ...]
    #: Its input and output are somebody's terminal or pipe, and it ends with the connection. Else it is detached.
    attached: bool
    actor: str
    #: The door that it was asked for by.
    trigger: str
    #: Seconds.
    timeout: float
    created_at: datetime
    #: Name of the instance that it runs inside; empty: a container of its own.
    instance: str = ""
    state: OneOffState = "starting"
    #: `None`: not ended, or ended by somebody else before it could tell.
    exit_code: int | None = None
    #: Why it is `stopped` or `failed`.
    reason: str = ""
    #: Who asked for its end; empty: nobody.
    stopped_by: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def finished(self) -> bool:
        """Whether it is over."""
        return self.state not in UNFINISHED

    def name(self, path: ServicePath) -> str:
        """What its container is called: `acme.shop.production.api.v42.run.01k3v9h2s4q8m6x7ab`. One of each run, ever; runs of
        the same release see the same set of config files."""
        return f"{path.dotted}.v{self.release}.{PROCESS}.{self.id.rpartition('_')[2]}"


def check_command(words: tuple[str, ...]) -> None:
    """Raises `Invalid` for one that can't be given to a program."""
    if not words or not words[0]:
        raise Invalid("There is no command to run.", hint="For example: shipway run -- python manage.py migrate")
    if any("\0" in word for word in words):
        raise Invalid("A command's words can't hold NUL characters.", hint="Give such data by standard input.")
    if (size := sum(len(word.encode(errors="replace")) for word in words)) > _MOST_WORDS:
        raise Invalid(
            f"The command has {size} bytes; {_MOST_WORDS} is the most.", hint="Give long data by standard input."
        )
