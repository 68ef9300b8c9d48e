"""What the log of an instance looks like when something certain is missing: rules as data, and how they are searched for.

Pure. The tables are `diagnosis_rules_*.py`.
"""

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

#: What a match says, by the names of its groups; `what` is always there.
Words = Mapping[str, str]
#: Lines before a match in which what is near it may stand.
_NEAR = 25
#: Matches of one pattern that are looked at, the last ones: a log may be nothing but them.
_MOST_MATCHES = 20
#: Matches that are shown at most, each with its surroundings.
_SHOWN = 4
_MOST_EVIDENCE = 14
#: A line that tells of something the app can do without proves nothing.
_HARMLESS = re.compile(
    r"(?i)\bwarn(?:ing)?\b|\bdebug\b|deprecat|fall(?:ing|s)?.?back|default(?:s|ing)? to|using (?:the )?default"
    r"|\bignor|optional|\bskip|will be disabled|feature"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One cause. Named groups of the patterns fill `cause` and `hint`; both hold what no group named as `fallback`."""

    code: str
    #: The end of a sentence that begins with what became of the instance.
    cause: str
    #: What to do; a function where it depends on what was found.
    hint: str | Callable[[Words], str]
    #: Any of them, found in the log, is a match. `^` and `$` are a line's; `\\s` may go over to the next.
    patterns: tuple[re.Pattern[str], ...]
    fallback: str = "something"
    #: Exit codes it is limited to; empty for any but 126 and 127, which say by themselves what failed.
    exit_codes: tuple[int, ...] = ()
    #: What has to stand in the match or the lines before it.
    near: re.Pattern[str] | None = None
    #: Whether lines that look like warnings don't count.
    firm: bool = False
    #: How many lines before and after a match belong to it.
    before: int = 0
    after: int = 0
    #: Makes the words that are shown of those that were found, and of the lines that they stand in.
    tell: Callable[[dict[str, str], Sequence[str]], Words] | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """A rule that fits, with the lines that prove it."""

    code: str
    cause: str
    hint: str
    evidence: tuple[str, ...]
    #: Line of its last match.
    line: int


def rule(code: str, cause: str, hint: str | Callable[[Words], str], *patterns: str, **options: object) -> Rule:
    """A rule from patterns as text; `near` is one, too."""
    if isinstance(near := options.get("near"), str):
        options["near"] = re.compile(near)
    return Rule(code, cause, hint, tuple(re.compile(each, re.MULTILINE) for each in patterns), **options)  # type: ignore[arg-type]


def likeliest(rules: Sequence[Rule], lines: Sequence[str], exit_code: int | None) -> Cause | None:
    """What is told last, as that is what ends an app; in the words of the first rule that knows it by that class."""
    found = [cause for rule in rules if _applies(rule, exit_code) and (cause := find(rule, lines))]
    last = max(found, key=lambda cause: cause.line, default=None)
    return next((cause for cause in found if last and cause.code == last.code), None)


def find(rule: Rule, lines: Sequence[str]) -> Cause | None:
    """The matches of one rule in a log as one cause; `None` when there is none."""
    text = "\n".join(lines)
    matches = (match for pattern in rule.patterns for match in deque(pattern.finditer(text), maxlen=_MOST_MATCHES))
    hits = [hit for match in matches if (hit := _hit(rule, lines, match))]
    if not hits:
        return None
    hits.sort(key=lambda hit: hit.first)
    words = _words(rule, hits, lines)
    hint = rule.hint(words) if callable(rule.hint) else rule.hint.format_map(words)
    return Cause(rule.code, rule.cause.format_map(words), hint, _evidence(rule, hits, lines), hits[-1].last)


@dataclass(frozen=True, slots=True)
class _Hit:
    first: int
    last: int
    groups: dict[str, str]


def _applies(rule: Rule, exit_code: int | None) -> bool:
    return exit_code in rule.exit_codes if rule.exit_codes else exit_code not in (126, 127)


def _hit(rule: Rule, lines: Sequence[str], match: re.Match[str]) -> _Hit | None:
    first = match.string.count("\n", 0, match.start())
    last = first + match[0].rstrip("\n").count("\n")
    around = "\n".join(lines[max(0, first - _NEAR) : last + 1])
    if (rule.near and not rule.near.search(around)) or (rule.firm and _HARMLESS.search(lines[first])):
        return None
    # Named again by another alternative, a group has a digit behind its name.
    return _Hit(first, last, {name.rstrip("2"): value for name, value in match.groupdict().items() if value})


def _words(rule: Rule, hits: Sequence[_Hit], lines: Sequence[str]) -> Words:
    """The last match that names something says most; all that are named so are there as `all`."""
    told = [hit for hit in hits if "what" in hit.groups or "host" in hit.groups] or list(hits)
    named = dict.fromkeys(hit.groups["what"] for hit in hits if "what" in hit.groups)
    words = {"what": rule.fallback, "all": "\n".join(named)} | told[-1].groups
    around = lines[max(0, told[-1].first - _NEAR) : told[-1].last + 3]
    return rule.tell(words, around) if rule.tell else words


def _evidence(rule: Rule, hits: Sequence[_Hit], lines: Sequence[str]) -> tuple[str, ...]:
    """The lines of the last matches and what belongs to them, each once, in the order they were written."""
    shown: set[int] = set()
    for hit in hits[-_SHOWN:]:
        shown |= {*range(max(0, hit.first - rule.before), min(len(lines), hit.last + rule.after + 1))}
    told = dict.fromkeys(lines[index] for index in sorted(shown) if lines[index].strip())
    return tuple(told)[-_MOST_EVIDENCE:]
