"""`app.json`, as Heroku and Dokku read it: process types and their number, health checks, expected config vars (S3.4).

Other tools have an app.json of their own; of what is not understood, nothing is said.
"""

import re
import shlex
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from shipway.builders.declared import Document, Said, Value
from shipway.builders.detectors.tree import Tree
from shipway.builders.manifest import MOST_INSTANCES
from shipway.domain.artifacts import Finding
from shipway.domain.errors import Invalid
from shipway.domain.leaks import looks_secret
from shipway.domain.process import argv, process_name

NAME = "app.json"

#: Commands that do nothing the second time, unlike those that fill a database with samples.
_REPEATABLE = re.compile(r"[\w./ -]*\b(?:migrate|db:migrate|db:prepare|migrate:latest|upgrade head)\b[\w./:= -]*")
_ONCE = re.compile(r"seed|load|sample|create|reset|setup")
#: Providers by what a buildpack is called, `heroku/nodejs` or the URL of one.
_BUILDPACKS = {
    "python": "python",
    "nodejs": "node",
    "ruby": "ruby",
    "go": "go",
    "php": "php",
    "java": "java",
    "gradle": "java",
    "jvm": "java",
    "kotlin": "java",
    "rust": "rust",
    "dotnet": "dotnet",
    "dotnetcore": "dotnet",
    "deno": "deno",
    "static": "static",
    "nginx": "static",
    "elixir": "elixir",
}


def read(tree: Tree, configured: Collection[str] = ()) -> Document:
    """What the file declares; nothing when there is none. `configured`: names of the config vars that are set already.

    Raises `AnalysisFailed` (`manifest-error`) when it is no JSON.
    """
    content = tree.json(NAME)
    at = _Places(tree)
    said = dict((*_formation(content, at), *_release(content, at), *_health(content, at)))
    hint, buildpacks = _buildpacks(content, at)
    return Document(
        said,
        (*buildpacks, *_suggested(content, at, configured)),
        (*_missing(content, at, configured), *_not_done(content, at, said)),
        hint,
    )


def _formation(content: Mapping[str, Any], at: "_Places") -> Iterator[tuple[str, Said]]:
    """Process types by name with their `quantity`; a list of them with `process`, in older files."""
    formation = content.get("formation")
    if isinstance(formation, list):
        formation = {str(each.get("process")): each for each in formation if isinstance(each, dict)}
    for name, each in _table(formation).items():
        where = at("formation", name) if not isinstance(content.get("formation"), list) else at("formation")
        quantity = _table(each).get("quantity")
        if _is_name(name) and isinstance(quantity, int) and 0 <= quantity <= MOST_INSTANCES:
            yield f"scale.{name}", Said(quantity, where)
        if _is_name(name) and (command := _command(_table(each).get("command"))):
            yield f"processes.{name}", Said(command, where)


def _release(content: Mapping[str, Any], at: "_Places") -> Iterator[tuple[str, Said]]:
    """`release`, Dokku's `predeploy`, or a `postdeploy` that may well be run before each release."""
    scripts = _table(content.get("scripts"))
    if command := _command(scripts.get("release")):
        yield "release", Said(command, at("scripts", "release"))
    elif command := _command(_table(scripts.get("dokku")).get("predeploy")):
        yield "release", Said(command, at("scripts", "dokku", "predeploy"))
    elif (command := _command(scripts.get("postdeploy"))) and _may_be_repeated(command):
        yield "release", Said(command, at("scripts", "postdeploy"))


def _may_be_repeated(command: str) -> bool:
    return bool(_REPEATABLE.fullmatch(command)) and not _ONCE.search(command)


def _health(content: Mapping[str, Any], at: "_Places") -> Iterator[tuple[str, Said]]:
    """Dokku's checks of `web`: the startup check, else the first one with a path or a command."""
    checks = _table(content.get("healthchecks")).get("web")
    asked = [each for each in checks if isinstance(each, dict)] if isinstance(checks, list) else []
    asked.sort(key=lambda check: check.get("type") != "startup")
    check = next((each for each in asked if _asks_for_path(each) or _checking_command(each)), {})
    if _asks_for_path(check):
        where = at("healthchecks", "path")
        yield "health.path", Said(str(check["path"]), where)
        if isinstance(port := check.get("port"), int) and 0 < port < 65_536:
            yield "health.port", Said(port, where)
    elif command := _checking_command(check):
        where = at("healthchecks", "command")
        yield "health.type", Said("command", where)
        yield "health.command", Said(command, where)


def _asks_for_path(check: Mapping[str, Any]) -> bool:
    return str(check.get("path") or "").startswith("/")


def _checking_command(check: Mapping[str, Any]) -> str:
    """Its `command`, a list of words; empty for none."""
    words = check.get("command")
    if isinstance(words, list) and all(isinstance(word, str) for word in words):
        return _command(shlex.join(words))
    return _command(words)


def _buildpacks(content: Mapping[str, Any], at: "_Places") -> tuple[str, tuple[Finding, ...]]:
    """The last one is the app's own language; those before it only help."""
    listed = content.get("buildpacks")
    urls = [str(_table(each).get("url") or each) for each in listed] if isinstance(listed, list) else []
    known = [(url, _BUILDPACKS[word]) for url in urls for word in re.findall(r"[a-z]+", url) if word in _BUILDPACKS]
    if not urls:
        return "", ()
    text = f"buildpacks {', '.join(urls)}: not used themselves" + (f", but they name {known[-1][1]}" if known else "")
    return (known[-1][1] if known else ""), (Finding(text, at("buildpacks")),)


def _suggested(content: Mapping[str, Any], at: "_Places", configured: Collection[str]) -> Iterator[Finding]:
    """Config vars that come with a value, or need none."""
    for name, value, required in _variables(content):
        state = "set" if name in configured else "not set"
        if value:
            shown = "" if looks_secret(name, value) else f" {value!r}"
            yield Finding(f"expects the config var {name}, {state}; suggested value{shown}", at("env", name))
        elif not required:
            yield Finding(f"may have the config var {name}, {state}", at("env", name))
        elif name in configured:
            yield Finding(f"expects the config var {name}, set", at("env", name))


def _missing(content: Mapping[str, Any], at: "_Places", configured: Collection[str]) -> Iterator[Finding]:
    for name, value, required in _variables(content):
        if value and looks_secret(name, value):
            text = f"{name} looks like a secret, which all who have the source can read. Make it a config var: "
            yield Finding(f"{text}`shipway config set`.", at("env", name))
        if required and not value and name not in configured:
            random = _table(_table(content.get("env")).get(name)).get("generator") == "secret"
            wanted = "$(openssl rand -hex 32)" if random else "VALUE"
            text = f"The config var {name} is required and has no value. Set it: `shipway config set {name}={wanted}`"
            yield Finding(text, at("env", name))


def _variables(content: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Name, suggested value, and whether the app can't do without; that is so unless it says otherwise."""
    for name, each in _table(content.get("env")).items():
        table = _table(each)
        value = table.get("value") if isinstance(each, dict) else each
        yield str(name), "" if value is None else str(value), table.get("required") is not False


def _not_done(content: Mapping[str, Any], at: "_Places", said: Mapping[str, Said]) -> Iterator[Finding]:
    """What someone who comes with this file would expect to happen, and which does not."""
    scripts = _table(content.get("scripts"))
    postdeploy = _command(scripts.get("postdeploy"))
    if postdeploy and ("release" not in said or said["release"].value != postdeploy):
        text = f"`{postdeploy}` is not run: it is meant for once, after the first deployment. If it can be repeated, "
        yield Finding(f"{text}make it the release command: release = {postdeploy!r} in shipway.toml.",
                      at("scripts", "postdeploy"))  # fmt: skip
    if cron := [each for each in _list(content.get("cron")) if isinstance(each, dict)]:
        jobs = ", ".join(f"`{each.get('command')}` at {each.get('schedule')}" for each in cron[:5])
        text = f"Nothing runs on a schedule yet: {jobs}. Let a process type such as `clock` do it."
        yield Finding(text, at("cron"))
    if addons := [str(_table(each).get("plan") or each) for each in _list(content.get("addons"))]:
        text = f"Not provided: {', '.join(addons)}. Create them elsewhere and set their URLs as config vars."
        yield Finding(text, at("addons"))


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_name(name: str) -> bool:
    try:
        return bool(process_name(name))
    except Invalid:
        return False


def _command(value: Value | None) -> str:
    """A command that can be run; empty for anything else."""
    text = value.strip() if isinstance(value, str) else ""
    try:
        argv(text, {})
    except Invalid:
        return ""
    return text


class _Places:
    """Finds where a key stands."""

    def __init__(self, tree: Tree) -> None:
        self._text = tree.text(NAME)

    def __call__(self, *keys: str) -> str:
        """`app.json:7`: the line of the last of `keys`, each looked for after the one before it."""
        position = 0
        for key in keys:
            found = re.compile(rf'"{re.escape(key)}"\s*:').search(self._text, position)
            position = found.start() + 1 if found else position
        return f"{NAME}:{self._text.count(chr(10), 0, position) + 1}"
