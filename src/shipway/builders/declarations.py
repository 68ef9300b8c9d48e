"""Everything that is declared about a service, from its settings and from its files."""

from collections.abc import Collection
from dataclasses import fields, replace
from typing import Any

from shipway.builders import app_json, manifest
from shipway.builders import procfile as procfiles
from shipway.builders.declared import SETTINGS, Declared, Document, Said, Value, merged
from shipway.builders.detectors.tree import Tree
from shipway.domain.probe import Liveness, Probe
from shipway.domain.service import ServiceSettings


def declarations(tree: Tree, settings: ServiceSettings, configured: Collection[str]) -> Declared:
    """Read all of it. Raises `AnalysisFailed`: `procfile-error`, `manifest-error`."""
    return merged(from_settings(settings), manifest.read(tree), from_procfile(tree), app_json.read(tree, configured))


def from_procfile(tree: Tree) -> Document:
    """What the Procfile names."""
    procfile = procfiles.parse(tree.text(procfiles.NAME))
    commands = {process.name: process.command for process in procfile.processes}
    commands |= {procfiles.RELEASE: procfile.release_command}
    return Document(
        {
            name if name == procfiles.RELEASE else f"processes.{name}": Said(commands[name], f"{procfiles.NAME}:{line}")
            for name, line in procfile.lines
        }
    )


def from_settings(settings: ServiceSettings) -> Document:
    """What was set; a setting that is still at its default says nothing."""
    given: dict[str, Value] = {
        "build.provider": settings.provider,
        "build.dockerfile": settings.dockerfile,
        "build.target": settings.target,
        "processes.web": settings.start_command,
        "port": settings.port,
    }
    said = {key: value for key, value in given.items() if value}
    # A command that waits for its type to be back says nothing.
    probe = settings.probe if settings.probe.type == "command" else replace(settings.probe, command="")
    said |= _changed("health", probe, Probe()) | _changed("liveness", settings.liveness, Liveness())
    return Document({key: Said(value, SETTINGS) for key, value in said.items()})


def _changed(table: str, value: Probe | Liveness, default: Probe | Liveness) -> dict[str, Value]:
    named = {each.name: getattr(value, each.name) for each in fields(value)}
    return {f"{table}.{name}": value for name, value in named.items() if value != getattr(default, name)}


def probe(declared: Declared) -> Probe | None:
    """The health check as declared; `None` when no file has a word in it, so that the settings alone decide."""
    said = _said_in_files(declared, "health")
    return Probe(**said) if said else None


def liveness(declared: Declared) -> Liveness | None:
    """The liveness check in the same way."""
    said = _said_in_files(declared, "liveness")
    return Liveness(**said) if said else None


def _said_in_files(declared: Declared, table: str) -> dict[str, Any]:
    """All that is said in a table; nothing when all of it is the settings' own."""
    said = declared.under(table)
    if all(each.where == SETTINGS and not each.instead_of for each in said.values()):
        return {}
    return {name: each.value for name, each in said.items()}
