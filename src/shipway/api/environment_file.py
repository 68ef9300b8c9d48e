"""Reading a `shipway.toml` that describes an environment: its text becomes what is wanted, or a list of mistakes with lines."""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import ValidationError

from shipway.api.schemas.environment_file import EnvironmentFile, ServiceTable, VariableTable
from shipway.api.schemas.settings import SettingsIn
from shipway.builders.toml_lines import key_lines, line_of
from shipway.domain.config import Origin, Var
from shipway.domain.config_file import config_content, config_path
from shipway.domain.desired import Wanted, WantedEnvironment, blank, overlaid
from shipway.domain.errors import CallerError, Invalid
from shipway.domain.leaks import has_credential
from shipway.domain.names import host, slug
from shipway.domain.process import process_name
from shipway.domain.secret import secret_reference
from shipway.domain.service import ServiceSettings
from shipway.domain.settings_rules import check_settings
from shipway.domain.volume import Volume
from shipway.operations.config_checks import check_values

#: What stands in the source, for its build to read, and not in an environment's file.
_OF_THE_SOURCE = ("release", "version", "context", "install", "start", "packages")
#: Mistakes that are told at once.
_MOST = 10
_TAGS = ("git", "upload", "push", "image")


def read(text: str, files: Mapping[str, str], name: str) -> WantedEnvironment:
    """What the text says; `files` holds what is in the files that it names by their path. Raises `Invalid` with the line of
    each mistake."""
    lines = key_lines(text)
    parsed = _parsed(text, name)
    if "services" not in parsed:
        raise Invalid(
            f"{name} describes no service: it has no [services.NAME].",
            hint="A file without one is for the source that it lies in. `shipway docs` prints an example.",
        )
    return wanted(parsed, files, lines, name)


def wanted(parsed: Mapping[str, Any], files: Mapping[str, str], lines: dict[str, int], name: str) -> WantedEnvironment:
    """The same of a text that is parsed; `lines` as `key_lines` has them."""
    try:
        document = EnvironmentFile.model_validate(parsed)
    except ValidationError as error:
        mistakes = sorted((_mistake(fault, lines, name) for fault in error.errors()), key=lambda each: each[0])
        told = [message for _, message, _ in mistakes[:_MOST]]
        raise Invalid("\n".join(told), hint=mistakes[0][2]) from error
    own, marks = _variables(document.config, "environment", "config", lines, name)
    services = {each: _service(each, table, files, lines, name) for each, table in document.services.items()}
    return WantedEnvironment(services, own, marks, document.resources.model_dump(exclude_unset=True))


@cache
def schema() -> dict[str, Any]:
    """The grammar as JSON Schema, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **EnvironmentFile.model_json_schema()}


def keys_at(place: tuple[str | int, ...]) -> list[str]:
    """The keys that the table at a place may have; none where any may be."""
    node = schema()
    definitions = node["$defs"]
    for part in place:
        node = _resolved(node, definitions)
        named = next(iter(node.get("patternProperties", {}).values()), None) or node.get("additionalProperties")
        node = node.get("properties", {}).get(str(part)) or named or {}
    return list(_resolved(node, definitions).get("properties", {}))


def _resolved(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """With references followed, and of alternatives the one that is a table."""
    for each in node.get("anyOf", []):
        if "$ref" in each or "oneOf" in each or each.get("type") == "object":
            return _resolved(each, definitions)
    if "oneOf" in node:
        tables = [_resolved(each, definitions).get("properties", {}) for each in node["oneOf"]]
        return {"properties": {key: value for table in tables for key, value in table.items()}}
    return definitions[node["$ref"].rpartition("/")[2]] if "$ref" in node else node


def _parsed(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        line = re.search(r"at line (\d+)", str(error))
        where = f"{name}:{line[1]}" if line else name
        reason = re.sub(r" \(at .*\)$", "", str(error))
        raise Invalid(
            f"{where}: this is no TOML: {reason}.", hint="Texts are in quotes, tables in [brackets]."
        ) from error


def _mistake(fault: Any, lines: dict[str, int], name: str) -> tuple[int, str, str]:
    """Its line, what to tell, and what to do."""
    place = tuple(part for part in fault["loc"] if part != "[key]")
    if "source" in place:
        place = tuple(part for part in place if part not in _TAGS)
    key = ".".join(map(str, place))
    line = line_of(lines, key)
    what = _sentence(fault)
    told = f"{name}:{line}: {key}: {what}."
    if fault["type"] == "extra_forbidden":
        return line, told, _nearest(place)
    return line, told, f"`shipway docs {_documented(place)}` explains it."


def _sentence(fault: Any) -> str:
    if fault["type"] == "extra_forbidden":
        return "there is no such key"
    if fault["type"] == "missing":
        return "is missing"
    message = str(fault["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def _nearest(place: tuple[str | int, ...]) -> str:
    """The key that was meant, or all there are."""
    known, wrong = keys_at(place[:-1]), str(place[-1])
    if wrong in _OF_THE_SOURCE:
        return f"{wrong} stands in the source: in its own shipway.toml, or as a process type in its Procfile."
    if len(place) == 1 and wrong in keys_at(("services", "x")):
        return f"Put it under the service that it is for: [services.NAME] {wrong}."
    near = difflib.get_close_matches(wrong.lower(), known, 1, 0.6)
    meant = f"Did you mean {near[0]}? " if near else ""
    return f"{meant}Known here: {', '.join(known)}."


def _documented(place: tuple[str | int, ...]) -> str:
    """The table or the key, as `shipway docs` knows it."""
    return str(place[2] if len(place) > 2 and place[0] == "services" else place[0])


def _service(name: str, table: ServiceTable, files: Mapping[str, str], lines: dict[str, int], file: str) -> Wanted:
    place = f"services.{name}"
    try:
        slug(name, "service")
        config, marks = _variables(table.config, "service", f"{place}.config", lines, file)
        wanted = Wanted(
            source=table.source.to_domain() if table.source else None,
            hosts=None if table.hosts is None else tuple(map(host, table.hosts)),
            settings=_settings(table),
            volumes={each: Volume(each, volume.path, volume.process) for each, volume in table.volumes.items()},
            stop_graces={each: process.stop_grace for each, process in _given(table, "stop_grace")},
            stop_first={each: process.stop_first for each, process in _given(table, "stop_first")},
            scale={each: process.scale for each, process in _given(table, "scale")},
            config=config,
            buildtime=marks,
            files=_files(table, files),
            secret_files=dict(table.secret_files),
        )
        _check(wanted, table)
    except CallerError as error:
        if error.message.startswith(f"{file}:"):
            raise
        raise Invalid(f"{file}:{line_of(lines, place)}: {place}: {error.message}", hint=error.hint) from error
    return wanted


def _check(wanted: Wanted, table: ServiceTable) -> None:
    """What can be told without looking at the environment."""
    check_settings(ServiceSettings(), overlaid(blank(wanted.source), wanted).settings)
    for name in table.processes:
        process_name(name)
    for reference in wanted.secret_files.values():
        secret_reference(reference)
    for path, text in wanted.files.items():
        config_content(config_path(path), text)


def _settings(table: ServiceTable) -> Mapping[str, Any]:
    """By the names of the domain's fields."""
    given = table.model_dump(exclude_unset=True)
    build = given.pop("build", {})
    settings = {name: value for name, value in given.items() if name in SettingsIn.model_fields and name != "volumes"}
    settings |= {name: build[name] for name in ("provider", "dockerfile", "target") if name in build}
    settings |= {"build_timeout": build["timeout"]} if "timeout" in build else {}
    if "command" in settings.get("health", {}):
        # Whoever names a command means it to be run.
        settings["health"] = {"type": "command"} | settings["health"]
    for name, process in _given(table, "command"):
        if name != "web":
            raise Invalid(
                f"the command of {name} can't be set here: the source names its process types.",
                hint="Name it in the source's Procfile, or in its own shipway.toml. Only web may get another command here.",
            )
        settings["start_command"] = process.command
    return SettingsIn(**settings).changes()


def _given(table: ServiceTable, field: str) -> Iterator[tuple[str, Any]]:
    return ((name, each) for name, each in table.processes.items() if field in each.model_fields_set)


def _files(table: ServiceTable, sent: Mapping[str, str]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for name, each in table.files.items():
        if each.path is not None and each.path not in sent:
            raise Invalid(f"the file {each.path} did not come along.", hint="`shipway apply` sends what is beside it.")
        texts[config_path(name)] = each.content if each.content is not None else sent[str(each.path)]
    return texts


def _variables(
    tables: Mapping[str, VariableTable], origin: Origin, place: str, lines: dict[str, int], file: str
) -> tuple[dict[str, Var], dict[str, bool]]:
    """Config vars, and which of them builds get where the file says so. Raises `Invalid` for a credential, and for what
    names no secret."""
    for name, each in tables.items():
        try:
            check_values({name: each.value or ""})
            _refuse_credential(name, each)
            if each.secret is not None:
                secret_reference(each.secret)
        except Invalid as error:
            where = f"{file}:{line_of(lines, f'{place}.{name}')}: {place}.{name}"
            raise Invalid(f"{where}: {error.message}", hint=error.hint) from error
    made = {name: Var(name, each.value or "", origin, reference=each.secret or "") for name, each in tables.items()}
    return made, {name: each.buildtime for name, each in tables.items() if "buildtime" in each.model_fields_set}


def _refuse_credential(name: str, each: VariableTable) -> None:
    if each.value and has_credential(each.value):
        raise Invalid(
            "its value is a credential, and this file is for many to read.",
            hint=f'Keep it as a secret, `shipway secrets set {name}`, and write {name} = {{ secret = "{name}" }}.',
        )
    if each.secret is not None and each.buildtime:
        raise Invalid(
            "a secret is no build argument: whoever has the image could read it.", hint="Leave buildtime out."
        )
