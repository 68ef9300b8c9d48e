"""Repositories of several packages: which one is the service, and what of the others it is built from."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.detected import commands, write_files

from shipway.builders.detectors.detector import Candidate
from shipway.builders.detectors.node import detect
from shipway.builders.detectors.node_project import Project
from shipway.builders.detectors.node_workspaces import members
from shipway.builders.detectors.tree import Tree
from shipway.domain.errors import AnalysisFailed


def write(tmp_path: Path, packages: dict[str, dict[str, Any]], files: dict[str, str] | None = None) -> Tree:
    """A tree with a package.json in each of these directories, and other files."""
    manifests = {f"{folder}/package.json".lstrip("/"): json.dumps(package) for folder, package in packages.items()}
    write_files(tmp_path, {**manifests, **(files or {})})
    return Tree(tmp_path)


def candidate_of(tree: Tree) -> Candidate:
    """What is detected."""
    candidate = detect(tree)
    assert candidate
    return candidate


@pytest.mark.parametrize(
    ("root", "pnpm", "folders"),
    [
        ({"workspaces": ["apps/*", "./lib"]}, "", ["lib/", "apps/a/", "apps/b/"]),
        ({"workspaces": {"packages": ["apps/a"]}}, "", ["apps/a/"]),
        ({"workspaces": ["**", "!apps/b"]}, "", ["lib/", "apps/a/"]),
        ({}, "packages:\n  # all\n  - 'apps/*'\n  - \"!apps/a\"\ncatalog:\n  - no\n", ["apps/b/"]),
    ],
)
def test_members_are_what_the_root_names(tmp_path: Path, root: dict[str, Any], pnpm: str, folders: list[str]) -> None:
    packages = {"": root, "lib": {}, "apps/a": {}, "apps/b": {}}
    tree = write(tmp_path, packages, {"pnpm-workspace.yaml": pnpm} if pnpm else {})
    assert sorted(member.folder for member in members(Project(tree))) == sorted(folders)


def test_what_the_service_depends_on_is_built_before_it_and_nothing_else(tmp_path: Path) -> None:
    build = {"scripts": {"build": "tsc"}}
    packages = {
        "": {"workspaces": ["apps/*", "packages/*"]},
        "apps/api": {"name": "api", "dependencies": {"a": "*"}, "scripts": {"build": "tsc", "start": "node x.js"}},
        "packages/a": {"name": "a", "dependencies": {"b": "*"}, **build},
        "packages/b": {"name": "b", "devDependencies": {"a": "*"}, **build},
        "packages/unused": {"name": "c", **build},
    }
    built = [command for command in commands(candidate_of(write(tmp_path, packages))) if "run build" in command]
    assert built == [
        "(cd packages/b && npm run build)",
        "(cd packages/a && npm run build)",
        "(cd apps/api && npm run build)",
    ]


def test_the_roots_build_script_builds_all(tmp_path: Path) -> None:
    packages = {
        "": {"workspaces": ["apps/*"], "scripts": {"build": "turbo run build"}},
        "apps/web": {"scripts": {"build": "next build"}, "dependencies": {"next": "15"}},
    }
    candidate = candidate_of(write(tmp_path, packages))
    assert [command for command in commands(candidate) if "build" in command] == ["npm run build"]
    assert candidate.start == "cd apps/web && exec next start"
    assert "PATH', '/app/apps/web/node_modules/.bin:/app/node_modules/.bin:" in str(candidate.stages[-1])


def test_a_standalone_output_of_a_workspace_keeps_its_directory(tmp_path: Path) -> None:
    packages = {"": {"workspaces": ["apps/*"]}, "apps/web": {"dependencies": {"next": "15"}}}
    files = {"apps/web/next.config.js": "output: 'standalone'"}
    candidate = candidate_of(write(tmp_path, packages, files))
    assert candidate.start == "node apps/web/server.js"
    assert "/app/apps/web/.next/static/" in str(candidate.stages[-1])


def test_pages_of_a_workspace_are_found_in_it(tmp_path: Path) -> None:
    web = {"scripts": {"build": "vite build"}, "devDependencies": {"vite": "6"}}
    candidate = candidate_of(write(tmp_path, {"": {"workspaces": ["web"]}, "web": web}))
    assert "/app/web/dist/" in str(candidate.stages[-1])


def test_of_two_apps_none_is_chosen_and_each_ones_start_is_told(tmp_path: Path) -> None:
    api = {"scripts": {"start": "node api.js"}}
    web = {"scripts": {"start": "node web.js", "build": "tsc"}}
    candidate = candidate_of(write(tmp_path, {"": {"workspaces": ["*"]}, "api": api, "web": web}))
    assert (candidate.start, candidate.certain) == ("", False)
    told = [finding.text for finding in candidate.evidence if "started by" in finding.text]
    assert told == [
        "a workspace, started by: cd api && exec node api.js",
        "a workspace, started by: cd web && exec node web.js",
    ]
    assert "(cd web && npm run build)" in commands(candidate)


@pytest.mark.parametrize("spec", ["workspace:^", "file:../words", "link:../words", "catalog:"])
def test_a_package_taken_out_of_its_workspace_says_what_is_missing(tmp_path: Path, spec: str) -> None:
    with pytest.raises(AnalysisFailed, match="lies outside") as failure:
        detect(write(tmp_path, {"": {"dependencies": {"words": spec}, "scripts": {"start": "node x.js"}}}))
    assert failure.value.code == "manifest-error"
    assert "the repository's root" in failure.value.hint
