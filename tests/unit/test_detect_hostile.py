"""Manifests that are not what they should be: wrong kinds of values, and texts that would break out of a Dockerfile."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.apps import APPS
from tests.support.detected import write_files

from shipway.builders.analysis import analyze
from shipway.domain.errors import AnalysisFailed
from shipway.domain.service import ServiceSettings

BREAKING_OUT = "x\nRUN touch /broken-out\n"
VALUES: tuple[Any, ...] = (5, True, ["a", 5, None], {"a": ["b"], "c": None}, BREAKING_OUT)
MANIFESTS = (
    "typescript-pnpm/package.json",
    "npm-workspaces/apps/api/package.json",
    "next-standalone/package.json",
    "nestjs/package.json",
    "vite-single-page/package.json",
    "php-laravel/composer.json",
    "deno-server/deno.json",
    "dotnet-solution/global.json",
)


def spoiled(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The document with one thing in it that does not belong there, a value or a key, at any depth."""
    for key, inside in document.items():
        for value in VALUES:
            yield {**document, key: value}
        if isinstance(inside, dict):
            yield from ({**document, key: other} for other in spoiled(inside))
        yield {BREAKING_OUT if name == key else name: value for name, value in document.items()}


def generated(source: Path) -> str:
    """The Dockerfile, if there is one; other errors than those for people are raised."""
    try:
        return analyze(
            source, ServiceSettings(), lambda runtime, version: f"{runtime}:{version}", root=source
        ).dockerfile
    except AnalysisFailed:
        return ""


@pytest.mark.parametrize("path", MANIFESTS)
def test_no_manifest_breaks_the_analysis_or_out_of_the_dockerfile(tmp_path: Path, path: str) -> None:
    name, _, manifest = path.partition("/")
    source = tmp_path / name
    shutil.copytree(APPS / name, source)
    text = re.sub(r"(?m)^\s*//.*", "", (source / manifest).read_text())
    documents = list(spoiled(json.loads(text)))
    texts = []
    for document in documents:
        (source / manifest).write_text(json.dumps(document))
        texts.append(generated(source))
    assert len(documents) > 5 and any(texts)
    assert not [text for text in texts if "\nRUN touch" in text or "\0" in text]


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": "[tool.poetry]\ndependencies = ['flask']\n", "poetry.lock": ""},
        {"pyproject.toml": "[tool.poetry]\nname = 5\n[tool.poetry.group]\nprod = 1\n"},
        {"Pipfile": "packages = ['flask']\n"},
        {"composer.json": '{"repositories": true}', "index.php": ""},
        {"Cargo.toml": '[package]\nname = "a\\u0000b"\n', "Cargo.lock": "", "src/main.rs": ""},
        {"Cargo.toml": '[package]\nname = "a\\nRUN touch b"\n', "src/main.rs": ""},
        {"Cargo.toml": '[package]\nname = "a"\n[[bin]]\nname = "b\\nRUN touch c"\npath = "b.rs"\n', "b.rs": ""},
        {
            "Cargo.toml": '[package]\nname = "a"\n',
            "src/main.rs": "",
            ".cargo/config.toml": 'build.target = "x\\nRUN touch"',
        },
        {"go.mod": "module a\n", "cmd/x\nRUN touch b/main.go": "package main\nfunc main() {}\n"},
        {"x\nRUN touch b.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web"/>'},
        {"requirements.txt": "flask", "x\nRUN touch b.py": "app = Flask(__name__)\n"},
    ],
)
def test_neither_do_odd_names_and_kinds_in_other_files(tmp_path: Path, files: dict[str, str]) -> None:
    write_files(tmp_path, files)
    text = generated(tmp_path)
    assert "\nRUN touch" not in text and "\0" not in text
