"""What each instruction takes: its flags, and how many arguments of which form. The same that BuildKit demands."""

import difflib
import json
import re

from shipway.builders.dockerfile_instruction import Instruction, split_options

# fmt: off
KEYWORDS = (
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD",
    "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
)
# fmt: on
#: Flags of every BuildKit so far; an engine that does not know one yet says so itself.
_FLAGS = {
    "ADD": ("checksum", "chmod", "chown", "exclude", "keep-git-dir", "link", "unpack"),
    "COPY": ("chmod", "chown", "exclude", "from", "link", "parents"),
    "FROM": ("platform",),
    "HEALTHCHECK": ("interval", "retries", "start-interval", "start-period", "timeout"),
    "RUN": ("device", "mount", "network", "security"),
}
#: BuildKit passes over whatever looks like a flag of these.
_UNCHECKED = ("ARG", "STOPSIGNAL")
_REPEATABLE = ("mount", "exclude", "device")
_WITHOUT_VALUE = ("keep-git-dir", "link", "parents", "unpack")
_MAY_BE_EMPTY = ("CMD", "ENTRYPOINT", "RUN")
_AS_LISTS = ("ADD", "CMD", "COPY", "ENTRYPOINT", "RUN", "SHELL", "VOLUME")
_NO_TRIGGERS = ("FROM", "MAINTAINER", "ONBUILD")

#: Words as `ENV`, `LABEL` and `ARG` have them, by the escape character: quotes and escapes keep blanks inside of a word.
_WORDS = {
    escape: re.compile(rf"""(?:"(?:{at}.|[^"])*?(?:"|$)|'[^']*(?:'|$)|{at}.|[^\s"']|{at}$)+""")
    for escape, at in (("\\", r"\\"), ("`", "`"))
}
_STAGE_NAME = re.compile(r"[a-z][a-z0-9_.-]*", re.IGNORECASE)
_DURATION = re.compile(r"\+?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+|\+?0")

Trouble = tuple[str, str]


def trouble(found: Instruction) -> Trouble | None:
    """What is wrong with an instruction by itself, and what helps; `None` when nothing is."""
    return _arguments(found) or _options(found) or _OWN.get(found.keyword, lambda _: None)(found)


def _options(found: Instruction) -> Trouble | None:
    known = _FLAGS.get(found.keyword, ())
    seen = set[str]()
    for name, value in found.options if found.keyword not in _UNCHECKED else ():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            names = ", ".join(f"--{each}" for each in known) or "none"
            hint = f"Did you mean --{near[0]}?" if near else f"Flags of {found.keyword}: {names}."
            return f"{found.keyword} has no flag --{name}.", hint
        if name in seen and name not in _REPEATABLE:
            return f"--{name} is there twice.", "Keep one of them."
        if value is None and name not in _WITHOUT_VALUE:
            return f"--{name} needs a value.", f"Write --{name}=value."
        seen.add(name)
    return None


def _arguments(found: Instruction) -> Trouble | None:
    if not found.arguments and found.keyword not in _MAY_BE_EMPTY:
        return f"{found.keyword} needs something after it.", "Complete the line or remove it."
    return _list(found.keyword, found.arguments)


def _list(keyword: str, arguments: str) -> Trouble | None:
    if keyword in _AS_LISTS and _is_list_of_other_things(arguments):
        return f"a list after {keyword} can hold nothing but strings.", "Put each word into double quotes."
    return None


def _is_list_of_other_things(text: str) -> bool:
    try:
        value, _ = json.JSONDecoder().raw_decode(text) if text.startswith("[") else ([], 0)
    except (ValueError, RecursionError):
        return False
    return not all(isinstance(word, str) for word in value)


def _from(found: Instruction) -> Trouble | None:
    words = found.arguments.split()
    if not words[0].strip("'\""):
        return "FROM has no image.", "Write FROM image, or FROM image AS name."
    if len(words) != 1 and not (len(words) == 3 and words[1].upper() == "AS"):
        return "FROM takes one image.", "Write FROM image, or FROM image AS name."
    if len(words) == 3 and not _STAGE_NAME.fullmatch(words[2]):
        return f"{words[2]!r} can't name a stage.", "Begin with a letter; go on with letters, digits, - _ and dots."
    return None


def _pairs(found: Instruction) -> Trouble | None:
    """`name=value …`, or the older `name value`."""
    words = _WORDS[found.escape].findall(found.arguments)
    if words and "=" not in words[0]:
        lacks = len(found.arguments.split(None, 1)) < 2
        return (f"{found.keyword} needs a name and a value.", f"Write {found.keyword} name=value.") if lacks else None
    bare = next((word for word in words if "=" not in word), None)
    if bare is not None:
        return f"{bare!r} is no name=value.", "Put a value with spaces into double quotes."
    return _nameless(found, words)


def _arg(found: Instruction) -> Trouble | None:
    return _nameless(found, _WORDS[found.escape].findall(found.arguments))


def _nameless(found: Instruction, words: list[str]) -> Trouble | None:
    if any(word.startswith("=") for word in words):
        return f"{found.keyword} has a value without a name.", f"Write {found.keyword} name=value."
    return None


def _copy(found: Instruction) -> Trouble | None:
    if len(found.words) < 2:
        return "it needs a source and a destination.", f"Write {found.keyword} source destination."
    return None


def _shell(found: Instruction) -> Trouble | None:
    return None if found.exec_form else ("SHELL takes a JSON list.", 'Write SHELL ["/bin/bash", "-c"].')


def _volume(found: Instruction) -> Trouble | None:
    if not found.words or not all(word.strip() for word in found.words):
        return "VOLUME needs a path.", "Write VOLUME /data."
    return None


def _healthcheck(found: Instruction) -> Trouble | None:
    kind, *command = found.arguments.split(None, 1)
    if kind.upper() not in ("CMD", "NONE"):
        return f"HEALTHCHECK {kind} is neither CMD nor NONE.", "Write HEALTHCHECK CMD command."
    if (kind.upper() == "CMD") != bool(command):
        return f"HEALTHCHECK {kind.upper()} has {'no command' if not command else 'arguments'}.", "See HEALTHCHECK CMD."
    if problem := _list("CMD", "".join(command)):
        return problem
    for name, value in found.options:
        if name != "retries" and not _DURATION.fullmatch(value or ""):
            return f"--{name}={value} is no duration.", "Write one such as 30s or 1m30s."
        if name == "retries" and not re.fullmatch(r"\+?\d+", value or ""):
            return f"--retries={value} is no number.", "Write one such as 3."
    return None


def _onbuild(found: Instruction) -> Trouble | None:
    trigger, _, rest = found.arguments.partition(" ")
    if trigger.upper() in _NO_TRIGGERS:
        return f"ONBUILD {trigger.upper()} is not allowed.", "Remove it."
    options, arguments = split_options(rest.strip())
    inner = Instruction(trigger.upper(), arguments, found.line, options, escape=found.escape)
    return _list(inner.keyword, arguments) or (_pairs(inner) if inner.keyword in ("ENV", "LABEL") else None)


_OWN = {
    "ADD": _copy,
    "ARG": _arg,
    "COPY": _copy,
    "ENV": _pairs,
    "FROM": _from,
    "HEALTHCHECK": _healthcheck,
    "LABEL": _pairs,
    "ONBUILD": _onbuild,
    "SHELL": _shell,
    "VOLUME": _volume,
}
