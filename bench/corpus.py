"""Which apps are known to work: `python -m bench.corpus` writes docs/reference/corpus.md from the samples in tests/apps.

What a sample is comes from its analysis; how far it was taken, from its expected.json, which holds exactly one of
`answers` (built, run, and asked by `python -m tests.support.apps`), `not_built` (the reason) and `error` (the class that the
analysis refuses it with). Those under tests/apps/broken fail on purpose, each with its `class`.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shipway.builders.analysis import analyze
from shipway.domain.artifacts import Finding
from shipway.domain.service import ServiceSettings

ROOT = Path(__file__).parents[1]
APPS = ROOT / "tests/apps"
PAGE = ROOT / "docs/reference/corpus.md"
#: Of which a sample says exactly one.
OUTCOMES = ("answers", "not_built", "error")
NOTHING = "–"

_VERSION = re.compile(r"(?:Python|Node\.js|Go|Java|Ruby|PHP|Rust|Deno|Bun|\.NET) [0-9][0-9.]*")
_MANAGER = re.compile(
    r"(?:dependencies|packages|gems) by (.+)|built by ((?:Maven|Gradle).*)|dependencies from .*(vendor/)"
)
_FRAMEWORKS = (
    *("Django", "Flask", "FastAPI", "Starlette", "Litestar", "Quart", "aiohttp", "Bottle", "Streamlit", "Gradio"),
    *(
        "Express",
        "Fastify",
        "Hono",
        "Polka",
        "NestJS",
        "Next.js",
        "Nuxt",
        "Remix",
        "React Router",
        "SvelteKit",
        "Astro",
    ),
    *("Create React App", "Vite", "net/http", "Gin", "Axum", "Spring Boot", "Ktor", "ASP.NET Core"),
    *("Rails", "Sinatra", "a Rack app", "Laravel", "Slim", "a single-page app", "a static site", "a script"),
)
_PREAMBLE = """\
# Apps that are known to work

Made by `python -m bench.corpus` from the samples in `tests/apps`; don't edit it. `python -m tests.support.apps NAME`
builds a sample on air-gapped bases, runs it without root or capabilities on a port of the test's choice, and asks it.
"Built, run and answered" is what the sample's expected.json says of it, with the answer; this page is made without a
build. `make corpus` deploys all of these on a real Shipway and compares; `make test HEAVY=1` one of each kind.

{count} samples: {answers} built, run and answered; {not_built} analysed only; {error} refused, as they should be.
"""
_BROKEN = """\
## Broken on purpose

{count} repositories, each told what is wrong with it by a [class](failures.md), a line where there is one, and a hint:
`python -m tests.support.broken NAME`.
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """One directory of tests/apps."""

    name: str
    expected: dict[str, Any]
    #: Of its analysis; empty for one that is refused.
    evidence: tuple[Finding, ...] = ()
    provider: str = ""

    @property
    def outcomes(self) -> list[str]:
        """Which of `OUTCOMES` it says: one, or it is no sample yet."""
        return [outcome for outcome in OUTCOMES if outcome in self.expected]

    @property
    def row(self) -> tuple[str, ...]:
        """Name, what it is, package manager, version and where it is pinned, how far it was taken."""
        return f"`{self.name}`", self._kind(), self._manager(), self._pin(), self._outcome()

    def _kind(self) -> str:
        texts = [finding.text for finding in self.evidence]
        found = (name for name in _FRAMEWORKS if any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", t) for t in texts))
        return ", ".join(part for part in (self.provider, next(found, "")) if part) or NOTHING

    def _manager(self) -> str:
        matches = (_MANAGER.fullmatch(finding.text) for finding in self.evidence)
        return next((next(filter(None, match.groups())) for match in matches if match), NOTHING)

    def _pin(self) -> str:
        pins = (f"{each.text} ({each.where})" for each in self.evidence if _VERSION.fullmatch(each.text) and each.where)
        return next(pins, NOTHING)

    def _outcome(self) -> str:
        if "error" in self.expected:
            return f"refused with `{self.expected['error']}`"
        return (
            "built, run and answered" if "answers" in self.expected else f"analysed only: {self.expected['not_built']}"
        )


def main() -> None:
    """Write the page."""
    PAGE.write_text(page())
    print(f"wrote {PAGE.relative_to(ROOT)}")


def page() -> str:
    """What docs/reference/corpus.md is to be."""
    found, broken = list(samples()), list(broken_rows())
    counts = {outcome: sum(outcome in sample.outcomes for sample in found) for outcome in OUTCOMES}
    heads = ("sample", "what it is", "packages by", "version pinned", "how far it was taken")
    parts = [
        _PREAMBLE.format(count=len(found), **counts),
        table(heads, [sample.row for sample in found]),
        _BROKEN.format(count=len(broken)),
        table(("repository", "class", "line", "told"), broken),
    ]
    return "\n".join(parts)


def samples() -> Iterator[Sample]:
    """All of tests/apps but the broken ones, by name."""
    for path in sorted(APPS.glob("*/expected.json")):
        name, expected = path.parent.name, json.loads(path.read_text())
        if "error" in expected:
            yield Sample(name, expected)
            continue
        source = path.parent / expected.get("subdirectory", "")
        analysis = analyze(source, ServiceSettings(), _no_base, root=path.parent)
        yield Sample(name, expected, analysis.evidence, analysis.provider)


def broken_rows() -> Iterator[tuple[str, ...]]:
    """Of the second table: repository, class, line of its Dockerfile, part of the message."""
    for path in sorted(APPS.glob("broken/*/expected.json")):
        expected = json.loads(path.read_text())
        told = " … ".join(expected["message_has"]) or NOTHING
        yield f"`{path.parent.name}`", f"`{expected['class']}`", str(expected["line"] or NOTHING), told


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """As Markdown."""
    lines = [heads, ["---"] * len(heads), *([cell.replace("|", r"\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _no_base(runtime: str, version: str) -> str:
    return f"{runtime}:{version}"


if __name__ == "__main__":
    main()
