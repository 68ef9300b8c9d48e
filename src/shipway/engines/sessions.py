"""The parts of the engine port by which somebody sits before a command: one-offs with input and output of their own."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

from shipway.domain.session import Output, Window
from shipway.domain.workload import Instance, Workload


class Session(Protocol):
    """A command with its input and output. What nobody reads holds the command up; nothing of it is kept meanwhile.

    All raise `Unavailable` when the engine goes away. `read` and the others may be called at the same time.
    """

    async def read(self) -> Output | None:
        """What it wrote next; `None` when it, and all that has its output, has ended. Reads 64 KiB at most at once."""

    async def write(self, data: bytes) -> None:
        """Give it input. Returns when there is room for more; what nobody reads any more is dropped."""

    async def end_input(self) -> None:
        """There is no more: it reads to the end. With a terminal nothing happens, as that is typed there."""

    async def resize(self, window: Window) -> None:
        """Its terminal has another size. Without a terminal, and after its end, nothing happens."""

    async def exit_code(self) -> int:
        """Wait for its end: the code that it exited with, 128 and the number of the signal that ended it."""


@runtime_checkable
class Attaches(Protocol):
    """An engine that can run a one-off before somebody's eyes."""

    def attach(self, workload: Workload, window: Window | None) -> AbstractAsyncContextManager[Session]:
        """Start a one-off that has not been started before, nothing of its output missed; with a terminal of that size, or
        without one.

        On leaving it has no input any more, but goes on: `stop` ends it, and removes what is left. Its output is logged
        nowhere. Raises what `start` raises, and `Conflict` where there is one of that name.
        """

    async def one_offs(self, *, service: str = "") -> list[Instance]:
        """What `instances` leaves out: this installation's one-offs, attached or not, running or exited."""


@runtime_checkable
class Executes(Protocol):
    """An engine that can run a command beside an instance's app before somebody's eyes."""

    def enter(self, name: str, command: Sequence[str], window: Window | None) -> AbstractAsyncContextManager[Session]:
        """Run a command beside an instance's app: with its files, its user, its environment, and within its limits.

        On leaving it is ended with all that it started, where the engine has the means to. Exit codes 126 and 127: it can't
        be executed; there is no such program. Raises `Conflict` when no such instance runs.
        """
