"""Step logs: one append-only file per step of a deployment, read by offset."""

from contextlib import suppress
from pathlib import Path


class StepLogs:
    """Logs under `<home>/logs/<deployment>/<step>.log`; bytes once written never change."""

    def __init__(self, home: Path) -> None:
        self._root = home / "logs"

    def append(self, deployment_id: str, step: str, line: str) -> None:
        """Add a line, or several when it has line breaks."""
        path = self._path(deployment_id, step)
        # A full disk costs a line of a log, never a deployment.
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as file:
                file.write(line.rstrip("\n").encode(errors="replace") + b"\n")

    def read(self, deployment_id: str, step: str, offset: int = 0, limit: int = 1 << 20) -> bytes:
        """Up to `limit` bytes from byte `offset`, ending at a line's end where there is one; empty when there are none."""
        try:
            with self._path(deployment_id, step).open("rb") as file:
                file.seek(offset)
                data = file.read(limit)
        except FileNotFoundError:
            return b""
        return data if len(data) < limit else data[: data.rfind(b"\n") + 1] or data

    def directory(self, deployment_id: str) -> Path:
        """Where a deployment's logs are."""
        return self._root / deployment_id

    def _path(self, deployment_id: str, step: str) -> Path:
        return self._root / deployment_id / f"{step}.log"
