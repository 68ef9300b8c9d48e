"""Everything that is declared about a service, from its settings and from its files."""

from collections.abc import Collection
from dataclasses import fields

from shipway.builders import app_json, manifest
from shipway.builders import procfile as procfiles
from shipway.builders.declared import SETTINGS, Declared, Document, Said, Value, merged
from shipway.builders.detectors.tree import Tree
from shipway.domain.probe import Probe
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
    probe, default = settings.probe, Probe()
    health = {each.name: getattr(probe, each.name) for each in fields(Probe)}
    changed = {f"health.{name}": value for name, value in health.items() if value != getattr(default, name)}
    said = {key: value for key, value in given.items() if value} | changed
    return Document({key: Said(value, SETTINGS) for key, value in said.items()})


def probe(declared: Declared) -> Probe | None:
    """The health check as declared; `None` when no file has a word in it, so that the settings alone decide."""
    said = declared.under("health")
    if all(each.where == SETTINGS and not each.instead_of for each in said.values()):
        return None
    return Probe(**{name: each.value for name, each in said.items()})  # type: ignore[arg-type]
