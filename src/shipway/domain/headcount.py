"""Instances told by their number: `3 web, 1 worker of v2 (d5)`. Their names say the rest (decision 1)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby


def headcount(names: Sequence[str]) -> str:
    """Instances by name, those of one deployment beside each other, in their order; empty for none."""
    parts = [name.split(".")[-4:] for name in names]
    sets = groupby(parts, key=lambda part: (part[0], part[1]))
    return " and ".join(f"{_counted(part[2] for part in own)} of {release} ({by})" for (release, by), own in sets)


def _counted(processes: Iterable[str]) -> str:
    return ", ".join(f"{count} {process}" for process, count in Counter(processes).items())
