"""A service in the words of `shipway.toml`, key by key, and what is different between two of them. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from shipway.domain.change import ChangeWord, change_word
from shipway.domain.codec import encode
from shipway.domain.config import Var
from shipway.domain.desired import ServiceState, blank
from shipway.domain.leaks import has_credential, looks_secret
from shipway.domain.process import Limits
from shipway.domain.service import ServiceSettings
from shipway.domain.source import GitSource, ImageSource, PushSource, Source, UploadSource

#: The parts of a key: `("health", "path")`; the name of a config file may hold dots.
Key = tuple[str, ...]
Description = Mapping[Key, Any]

_KNOWN_AS: Mapping[Key, Key] = {
    ("start_command",): ("processes", "web", "command"),
    ("provider",): ("build", "provider"),
    ("dockerfile",): ("build", "dockerfile"),
    ("target",): ("build", "target"),
    ("build_timeout",): ("build", "timeout"),
}
#: Of these 0 is none: what is the environment's, or the same everywhere, counts.
_LEFT_OPEN = (("resources", "memory"), ("resources", "cpus"))
_PLURAL = ("stop_graces", "stop_first", "volumes")
#: Where a text may be empty; elsewhere an empty one is none.
_ANY_TEXT = ("config", "files")
_UNITS = {"k": 1024, "m": 1024**2, "g": 1024**3}


@dataclass(frozen=True, slots=True)
class Change:
    """One key that says something else."""

    #: Dotted: `health.path`.
    key: str
    #: For people; `None`: it was not set.
    before: str | None
    #: `None`: it is not set any more.
    after: str | None

    @property
    def change(self) -> ChangeWord:
        """In a word."""
        return change_word(self.before, self.after)


def described(state: ServiceState) -> dict[Key, Any]:
    """Everything that the file can say about it, defaults too."""
    hosts: dict[Key, Any] = {} if state.hosts is None else {("hosts",): list(state.hosts)}
    return {
        ("source",): _source(state.source),
        **hosts,
        **_settings(state.settings),
        **{("processes", name, "scale"): count for name, count in state.scale.items()},
        **variables(state.config),
        **{("files", path): text for path, text in state.files.items()},
        **{("secret_files", name): reference for name, reference in state.secret_files.items()},
    }


def variables(config: Mapping[str, Var]) -> dict[Key, Any]:
    """Config vars likewise."""
    return {("config", name): _variable(var) for name, var in config.items()}


def limits(given: Limits) -> dict[Key, Any]:
    """Those of an environment likewise."""
    return {("resources", "memory"): memory(given.memory), ("resources", "cpus"): given.cpus}


def said(state: ServiceState) -> dict[Key, Any]:
    """The same without what is at its default."""
    default = described(blank(None))
    source = ("source",)
    return {key: value for key, value in described(state).items() if key == source or default.get(key) != value}


def differences(before: Description, after: Description) -> tuple[Change, ...]:
    """In the order in which files are written."""
    keys = dict.fromkeys((*after, *before))
    return tuple(
        Change(dotted(key), _text(key, before.get(key)), _text(key, after.get(key)))
        for key in keys
        if before.get(key) != after.get(key)
    )


def dotted(key: Key) -> str:
    """As people write it: `files."app.toml"`."""
    return ".".join(part if part.replace("_", "").replace("-", "").isalnum() else f'"{part}"' for part in key)


def memory(size: int) -> int | str:
    """Bytes as people write them, where that is exact: `512m`."""
    for unit in reversed(_UNITS):
        if size and size % _UNITS[unit] == 0:
            return f"{size // _UNITS[unit]}{unit}"
    return size


def _source(source: Source) -> dict[str, Any]:
    given: dict[str, Any]
    match source:
        case GitSource(url, ref, subdirectory):
            given = {"kind": "git", "url": url, "ref": ref, "subdirectory": subdirectory}
        case UploadSource(subdirectory):
            given = {"kind": "upload", "subdirectory": subdirectory}
        case PushSource(branch=branch, subdirectory=subdirectory, fail_push=fail_push):
            given = {"kind": "push", "branch": branch, "subdirectory": subdirectory, "fail_push": fail_push}
        case ImageSource(reference):
            given = {"kind": "image", "reference": reference}
    # Of what is on unless it is switched off, only that it is off; of all else, what is there.
    switched = {"follow": False} if isinstance(source, PushSource) and not source.follow else {}
    return {name: value for name, value in given.items() if value} | switched


def _settings(settings: ServiceSettings) -> dict[Key, Any]:
    plain = {_KNOWN_AS.get(key, key): value for key, value in _flat(encode(settings), ()) if key[0] not in _PLURAL}
    plain["resources", "memory"] = memory(settings.resources.memory)
    volumes = {
        ("volumes", each.name): {"path": each.path} | ({"process": each.process} if each.process else {})
        for each in settings.volumes
    }
    graces = {("processes", name, "stop_grace"): grace for name, grace in settings.stop_graces.items()}
    first = {("processes", name, "stop_first"): True for name in settings.stop_first}
    return plain | graces | first | volumes


def _flat(value: Any, key: Key) -> Iterator[tuple[Key, Any]]:
    if not isinstance(value, Mapping):
        yield key, value
        return
    for name, inner in value.items():
        if name != "class":
            yield from _flat(inner, (*key, "health" if name == "probe" else name))


def _variable(var: Var) -> str | dict[str, Any]:
    if var.reference:
        return {"secret": var.reference}
    return {"value": var.value, "buildtime": True} if var.buildtime else var.value


def _text(key: Key, value: Any) -> str | None:
    """For people. What looks like a secret is not repeated, what is long is told by its length."""
    if value is None or (value == "" and key[0] not in _ANY_TEXT):
        return None
    if key in _LEFT_OPEN and not value:
        return "by default"
    if key[0] == "config" and _is_delicate(key[-1], value):
        return "•••"
    return _source_text(value) if key == ("source",) else _file_text(value) if key[0] == "files" else _plain(value)


def _file_text(value: Any) -> str:
    content = str(value).encode()
    return f"{len(content)} bytes, {sha256(content).hexdigest()[:8]}"


def _source_text(source: Mapping[str, Any]) -> str:
    """`git https://github.com/acme/shop, ref main`"""
    where = source.get("url") or source.get("reference", "")
    rest = (f"{name} {_plain(value)}" for name, value in source.items() if name not in ("kind", "url", "reference"))
    return ", ".join((f"{source['kind']} {where}".rstrip(), *rest))


def _is_delicate(name: str, value: Any) -> bool:
    text = value.get("value", "") if isinstance(value, dict) else str(value)
    return looks_secret(name, text) or has_credential(text)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_plain, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(each)}" for name, each in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)
