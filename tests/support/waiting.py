"""Waiting for what tells nobody when it comes to be."""

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], object], *, timeout: float = 60, pause: float = 0.05) -> None:
    """Ask every `pause` seconds until `condition()` holds; raises `TimeoutError` after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(pause)
    raise TimeoutError(f"It did not come to be within {timeout:g} s.")
