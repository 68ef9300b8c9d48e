"""One-off runs."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from shipway.client import models
from shipway.client.calls import paths
from shipway.client.calls.asking import Asking

if TYPE_CHECKING:
    from shipway.client.attached import Attached


class Runs(Asking):
    """Run a command, sit before it, see what has become of it."""

    def run(self, path: str, command: Sequence[str], **options: Any) -> models.Run:
        """Ask for a run; `detached`, `process`, `release` and `timeout` as the API takes them. One that is not detached
        begins when it is attached to."""
        return self._ask(models.Run, "POST", f"{paths.service(path)}/runs", json={"command": list(command), **options})

    def enter(self, path: str, command: Sequence[str] = (), *, instance: str = "") -> models.Run:
        """Ask for a run beside the app of a running instance; without a command, of the best shell there."""
        body = {"command": list(command) or None, "instance": instance}
        return self._ask(models.Run, "POST", f"{paths.service(path)}/commands", json=body)

    @contextmanager
    def attached(self, run_id: str, window: tuple[int, int] | None = None) -> "Iterator[Attached]":
        """Begin it and sit before it, by a terminal of so many rows and columns or without one. It ends with the context."""
        from shipway.client.attached import Attached  # noqa: PLC0415 - few commands need what it imports

        params = dict(zip(("rows", "columns"), window, strict=True)) if window else {}
        with self._transport.socket(f"/runs/{run_id}/attach", params) as socket:
            attached = Attached(socket)
            try:
                yield attached
            finally:
                attached.close()

    def runs(self, path: str, *, limit: int = 20) -> list[models.Run]:
        """A service's, newest first."""
        return self._ask(list[models.Run], "GET", f"{paths.service(path)}/runs", params={"limit": limit})

    def find_run(self, run_id: str) -> models.Run:
        """One, by id."""
        return self._ask(models.Run, "GET", f"/runs/{run_id}")

    def stop_run(self, run_id: str) -> models.Run:
        """Have one ended."""
        return self._ask(models.Run, "POST", f"/runs/{run_id}/stop")

    def run_log(self, run_id: str, *, follow_on: bool = False) -> Iterator[str]:
        """What a detached one wrote; with `follow_on`, to its end."""
        params = {"follow": True} if follow_on else {}
        for event in self._follow(f"/runs/{run_id}/log", params=params):
            if event.name == "log":
                yield event.data["text"]
