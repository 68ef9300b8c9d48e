"""For a terminal: the table of steps kept up to date, with the last lines of the one that runs."""

import time
from collections import deque

from rich.console import Group, RenderableType
from rich.live import Live as RichLive
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from shipway.cli.output import label
from shipway.cli.progress.plain import ending
from shipway.client.models import Deployment, Step

_TAIL = 8
_MARKS = {
    "pending": Text("·", "bright_black"),
    "complete": Text("✓", "green"),
    "error": Text("✗", "red"),
    "skipped": Text("-", "bright_black"),
}


class Live:
    """Redraws itself a few times a second."""

    def __init__(self) -> None:
        self._deployment: Deployment | None = None
        self._lines: dict[str, deque[str]] = {}
        #: When each running step was first seen running, by this machine's clock.
        self._since: dict[str, float] = {}
        self._spinner = Spinner("dots")
        self._live = RichLive(get_renderable=self.render, refresh_per_second=8)

    def __enter__(self) -> "Live":
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def deployment(self, deployment: Deployment) -> None:
        """Show this state."""
        for step in deployment.get("steps", []):
            if step["state"] == "running":
                self._since.setdefault(step["name"], time.monotonic())
        self._deployment = deployment

    def log(self, step: str, text: str) -> None:
        """Remember the last lines."""
        self._lines.setdefault(step, deque(maxlen=_TAIL)).extend(text.splitlines())

    def render(self) -> RenderableType:
        """What is on the screen now."""
        if self._deployment is None:
            return Text("")
        steps = self._deployment.get("steps", [])
        running = next((step["name"] for step in steps if step["state"] == "running"), "")
        tail = [
            Text(f"    {line}", "bright_black", no_wrap=True, overflow="ellipsis")
            for line in self._lines.get(running, ())
        ]
        return Group(Text(self._title(self._deployment), "bold"), self._table(steps), *tail)

    def _title(self, deployment: Deployment) -> str:
        position = deployment.get("position")
        waiting = f", {position} before it" if position else ""
        return f"{deployment['service']} d{deployment['number']}: {label(deployment)}{waiting}"

    def _table(self, steps: list[Step]) -> Table:
        table = Table.grid(padding=(0, 1))
        for step in steps:
            table.add_row(self._mark(step), step["name"], Text(self._progress(step), "bright_black"))
        return table

    def _mark(self, step: Step) -> RenderableType:
        return _MARKS.get(step["state"], self._spinner)

    def _progress(self, step: Step) -> str:
        if step["state"] == "running":
            return f"{time.monotonic() - self._since[step['name']]:.0f} s"
        return ending(step).removeprefix("complete in ") if step["state"] in ("complete", "error") else ""
