"""Report how long files and functions are: median, 90th percentile, the longest by name. For review; nothing fails by it.

`make sizes`, or `python bench/sizes.py tests` for other directories than src.
"""

import ast
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

NAMED = 5


@dataclass(frozen=True, order=True)
class Size:
    """Lines of one file or function; a function counts from its `def` (decorators and docstring included) to its end."""

    lines: int
    name: str


def main(roots: Sequence[str]) -> None:
    """Print the report on the Python files under `roots`."""
    paths = sorted(path for root in roots for path in Path(root).rglob("*.py"))
    report("files", [Size(len(path.read_text().splitlines()), str(path)) for path in paths])
    report("functions", [size for path in paths for size in functions(path)])


def functions(path: Path) -> Iterator[Size]:
    """Every function and method in a file, nested ones too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield Size((node.end_lineno or first) - first + 1, f"{path}:{node.lineno} {node.name}")


def report(what: str, sizes: Sequence[Size]) -> None:
    """One line of figures, then the longest."""
    lines = [size.lines for size in sizes]
    print(
        f"{len(lines)} {what}: median {percentile(lines, 50)}, p90 {percentile(lines, 90)}, max {max(lines, default=0)}"
    )
    for size in sorted(sizes, reverse=True)[:NAMED]:
        print(f"  {size.lines:>5}  {size.name}")


def percentile(values: Sequence[int], rank: int) -> int:
    """The value that `rank` percent of `values` don't exceed."""
    if len(values) < 2:
        return max(values, default=0)
    return round(quantiles(values, n=100, method="inclusive")[rank - 1])


if __name__ == "__main__":
    main(sys.argv[1:] or ["src"])
