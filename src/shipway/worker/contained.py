"""What works for ever must outlive its own mistakes."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from shipway.domain.errors import ShipwayError


@contextmanager
def contained(who: str) -> Iterator[None]:
    """Let nothing but a cancellation out: the world's faults are told in a line, our own with their traceback."""
    try:
        yield
    except ShipwayError as error:
        print(f"{who}: {error.message} {error.hint}", flush=True)
    except Exception:
        print(f"{who}:\n{traceback.format_exc()}", flush=True)
