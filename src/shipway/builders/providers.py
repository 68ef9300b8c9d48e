"""Which of several ways to build a source is taken, why, and how to take another."""

import contextlib
import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from shipway.builders.declared import Declared
from shipway.builders.detectors import DETECTORS
from shipway.builders.detectors.detector import Candidate
from shipway.builders.detectors.tree import Tree
from shipway.domain.artifacts import Finding
from shipway.domain.errors import AnalysisFailed

OWN_DOCKERFILE = "dockerfile"


@dataclass(frozen=True, slots=True)
class Choice:
    """The way that is taken, and the others."""

    chosen: Candidate
    others: tuple[Candidate, ...] = ()
    #: Why this one; nothing when there was no choice.
    reason: tuple[Finding, ...] = ()


def choose(tree: Tree, declared: Declared) -> Choice | None:
    """The provider that is declared, else the one a buildpack names, else the first; `None` when nothing is recognised.

    Raises `AnalysisFailed`: `unknown-provider`, or what a detector raises.
    """
    wanted = declared.text("build.provider")
    found = candidates(tree, strict=not wanted)
    if wanted:
        return _as_declared(tree, found, wanted, declared.where("build.provider"))
    if not found:
        return None
    chosen = next((each for each in found if each.provider == declared.provider_hint), found[0])
    others = tuple(each for each in found if each is not chosen)
    return Choice(chosen, others, _reason(chosen, others, by_hint=chosen is not found[0]))


def candidates(tree: Tree, *, strict: bool) -> list[Candidate]:
    """All that detectors recognise, the best first: in their order, those that are certain before those that aren't."""
    found: list[Candidate] = []
    for detector in DETECTORS:
        with contextlib.nullcontext() if strict else contextlib.suppress(AnalysisFailed):
            if candidate := detector.detect(tree):
                found.append(candidate)
    return sorted(found, key=lambda candidate: not candidate.certain)


def how_to_choose(provider: str) -> str:
    """What to write to have another way taken."""
    return f'`provider = "{provider}"` under [build] in shipway.toml, or the option `--provider {provider}`'


def _as_declared(tree: Tree, found: Sequence[Candidate], wanted: str, where: str) -> Choice:
    chosen = next((each for each in found if each.provider == wanted), None)
    if chosen:
        return Choice(chosen, tuple(each for each in found if each is not chosen))
    # Perhaps it would be, if its manifest could be read: that mistake is told before this one.
    candidates(tree, strict=True)
    names = [*dict.fromkeys(each.provider for each in found)]
    near = difflib.get_close_matches(wanted.lower(), names, 1)
    advice = f"Did you mean {near[0]}? " if near else ""
    known = f"It can be built as: {', '.join(names)}." if names else "Nothing else is recognised in it either."
    raise AnalysisFailed(
        f"The provider is to be {wanted!r} ({where}), but the source does not look like that.",
        code="unknown-provider",
        hint=f"{advice}{known} Correct the provider, or leave it out.",
        evidence=[f"{detector.name}: {detector.looks_for}" for detector in DETECTORS],
    )


def _reason(chosen: Candidate, others: Sequence[Candidate], *, by_hint: bool) -> tuple[Finding, ...]:
    if not others:
        return ()
    names = ", ".join(dict.fromkeys(other.provider for other in others))
    if by_hint:
        why = "a buildpack in app.json names it"
    elif chosen.certain and not others[0].certain:
        why = "only that can be started for certain"
    else:
        why = f"{chosen.provider} is looked for first"
    return (Finding(f"{chosen.provider} rather than {names}: {why}"),)
