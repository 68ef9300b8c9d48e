"""Amounts as people type them."""

import re
from collections.abc import Iterable
from typing import Any

import click

_MEMORY = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", re.IGNORECASE)
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd]?)", re.IGNORECASE)
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_FACTORS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}


class MemoryType(click.ParamType[int]):
    """`512m`, `1.5g`, or bytes."""

    name = "memory"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """In bytes."""
        if isinstance(value, int):
            return value
        match = _MEMORY.fullmatch(str(value).strip())
        if not match:
            self.fail(f"{value!r} is no amount of memory; write 512m or 1g.", param, ctx)
        return int(float(match[1]) * _FACTORS[match[2].lower()])


class DurationType(click.ParamType[float]):
    """`90s`, `30m`, `12h`, `2d`, or seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """In seconds."""
        match = _DURATION.fullmatch(str(value).strip())
        if not match:
            self.fail(f"{value!r} is no time; write 90s, 30m, 12h or 2d.", param, ctx)
        return float(match[1]) * _SECONDS[match[2].lower()]


class PercentsType(click.ParamType[list[int]]):
    """`10,50`."""

    name = "percents"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[int]:
        """As numbers."""
        words = [word.strip().removesuffix("%") for word in str(value).split(",")]
        if not all(word.isascii() and word.isdigit() for word in words):
            self.fail(f"{value!r} are no percents; write 10,50.", param, ctx)
        return [int(word) for word in words]


class _NumberType(click.ParamType[int]):
    """`12`, or the same with the letter that such numbers have."""

    name = "number"
    letter = ""
    noun = ""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """As a number."""
        digits = str(value).removeprefix(self.letter)
        if not (digits.isascii() and digits.isdigit()):
            self.fail(f"{value!r} is no {self.noun}'s number; write 12 or {self.letter}12.", param, ctx)
        return int(digits)


class DeploymentNumberType(_NumberType):
    """`12` or `d12`."""

    letter = "d"
    noun = "deployment"


class BuildNumberType(_NumberType):
    """`12` or `v12`."""

    letter = "v"
    noun = "build"


class ReleaseNumberType(_NumberType):
    """`12` or `v12`."""

    letter = "v"
    noun = "release"


def counts(words: Iterable[str], what: str = "instances", example: str = "web=3") -> dict[str, int]:
    """`web=3 worker=2` as numbers by process type, or by whatever is counted."""
    found: dict[str, int] = {}
    for word in words:
        process, equals, number = word.partition("=")
        if not (equals and process and number.isascii() and number.isdigit()):
            raise click.UsageError(f"{word!r} says no number of {what}; write {example}.")
        found[process] = int(number)
    if not found:
        raise click.UsageError(f"Say how many of what; write {example}.")
    return found


def decimal(size: int) -> str:
    """Bytes of a disk or a registry as people read them: `1.5 GB`."""
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 999.5:  # what is more is 1000 in three digits
            return f"{amount:.3g} {unit}"
        amount /= 1000
    return f"{amount:.3g} TB"


def memory(size: int) -> str:
    """Bytes as people read them."""
    unit = next((unit for unit in "gmk" if size >= _FACTORS[unit]), "")
    return f"{size / _FACTORS[unit]:.4g}{unit}"
