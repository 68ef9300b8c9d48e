"""Node apps: how they are started and installed, beyond what the samples show."""

import json
from pathlib import Path
from typing import Any

import pytest

from shipway.builders.detectors.detector import Candidate, Run
from shipway.builders.detectors.node import detect
from shipway.builders.detectors.tree import Tree


def detected(tmp_path: Path, package: dict[str, Any], **files: str) -> Candidate:
    """The candidate for a package.json and other files; `_` in a keyword is a dot."""
    (tmp_path / "package.json").write_text(json.dumps(package))
    for name, text in files.items():
        (tmp_path / name.replace("__", "-").replace("_", ".")).write_text(text)
    candidate = detect(Tree(tmp_path))
    assert candidate
    return candidate


def commands(candidate: Candidate) -> list[str]:
    """All that is run."""
    return [
        command
        for stage in candidate.stages
        for step in stage.steps
        if isinstance(step, Run)
        for command in step.commands
    ]


@pytest.mark.parametrize(
    ("script", "start"),
    [
        ("node server.js", "node server.js"),
        (
            "NODE_ENV=production node --max-old-space-size=256 dist/main.js",
            "node --max-old-space-size=256 dist/main.js",
        ),
        ("next start -p $PORT", "next start -p $PORT"),
        ("node migrate.js && node server.js", "node migrate.js && exec node server.js"),
        ("npm run migrate && node server.js", "npm run migrate && exec node server.js"),
        ("npm run serve", "npm start"),
        ("cross-env A=1 node x.js", "npm start"),
        ("node a.js & node b.js", "npm start"),
        ("node a.js | tee log", "npm start"),
        ("cd dist && node -e 'a && b'", "npm start"),
    ],
)
def test_a_start_script_is_started_without_npm_where_that_is_the_same(tmp_path: Path, script: str, start: str) -> None:
    assert detected(tmp_path, {"scripts": {"start": script}}).start == start


@pytest.mark.parametrize(
    ("package", "file", "start"),
    [
        ({"main": "lib.cjs"}, "lib.cjs", "node lib.cjs"),
        ({"main": "./lib.js"}, "lib.js", "node lib.js"),
        ({"main": "gone.js"}, "app.js", "node app.js"),
        ({}, "index.mjs", "node index.mjs"),
        ({}, "other.js", ""),
        ({"scripts": "nonsense", "dependencies": [1], "main": 3}, "server.js", "node server.js"),
    ],
)
def test_without_a_start_script_the_main_file_is_started(
    tmp_path: Path, package: dict[str, Any], file: str, start: str
) -> None:
    candidate = detected(tmp_path, package, **{file.replace(".", "_"): ""})
    assert (candidate.start, candidate.certain) == (start, bool(start))


@pytest.mark.parametrize(
    ("package", "files", "command"),
    [
        ({}, {"package__lock_json": "{}"}, "npm ci --no-audit --no-fund --omit=dev"),
        ({}, {}, "npm install --no-audit --no-fund --omit=dev"),
        ({}, {"pnpm__lock_yaml": "lockfileVersion: 5.4\n"}, "npm install --global --prefix /opt/tools pnpm@7"),
        ({}, {"pnpm__lock_yaml": "lockfileVersion: '6.0'\n"}, "npm install --global --prefix /opt/tools pnpm@8"),
        ({"packageManager": "pnpm@10.1.0"}, {}, "npm install --global --prefix /opt/tools pnpm@10.1.0"),
        ({"packageManager": "pnpm@9; rm -rf /"}, {}, "npm install --global --prefix /opt/tools pnpm@9"),
        ({}, {"yarn_lock": "# yarn lockfile v1\n"}, "npm install --global --prefix /opt/tools yarn@1"),
        ({}, {"yarn_lock": "__metadata:\n"}, "npm install --global --prefix /opt/tools @yarnpkg/cli-dist@4"),
        (
            {},
            {"pnpm__lock_yaml": "lockfileVersion: '9.0'\n", "pnpm__workspace_yaml": "onlyBuiltDependencies: [x]\n"},
            "npm install --global --prefix /opt/tools pnpm@10",
        ),
        (
            {"packageManager": "yarn@3.8.1"},
            {"yarn_lock": "", "package__lock_json": "{}"},
            "npm install --global --prefix /opt/tools @yarnpkg/cli-dist@3.8.1",
        ),
    ],
)
def test_the_lock_file_and_package_manager_decide_who_installs(
    tmp_path: Path, package: dict[str, Any], files: dict[str, str], command: str
) -> None:
    assert command in commands(detected(tmp_path, {"scripts": {"start": "node x.js"}, **package}, **files))


def test_a_manager_that_the_start_script_calls_comes_along(tmp_path: Path) -> None:
    candidate = detected(tmp_path, {"scripts": {"start": "pnpm serve"}}, pnpm__lock_yaml="")
    assert any("/opt/tools" in step.paths for step in candidate.stages[-1].steps if not isinstance(step, Run))


def test_install_scripts_get_the_source_and_the_development_tools(tmp_path: Path) -> None:
    package = {"scripts": {"postinstall": "prisma generate", "build": "tsc", "start": "node x.js"}}
    candidate = detected(tmp_path, package, package__lock_json="{}")
    assert commands(candidate) == [
        "npm ci --no-audit --no-fund --include=dev",
        "npm run build",
        "npm prune --omit=dev --ignore-scripts --no-audit --no-fund",
    ]


@pytest.mark.parametrize("start", ["vite preview", "react-scripts start", ""])
def test_a_single_page_app_is_served_by_nginx_whatever_its_development_server(tmp_path: Path, start: str) -> None:
    package = {"scripts": {"build": "build it", "start": start}, "dependencies": {"react-scripts": "5"}}
    candidate = detected(tmp_path, package)
    assert [stage.runtime for stage in candidate.stages] == ["node", "static"]
    assert "/app/build/" in str(candidate.stages[-1].steps)


def test_a_bundler_beside_a_server_is_only_a_tool(tmp_path: Path) -> None:
    package = {"scripts": {"build": "vite build", "start": "node s.js"}, "dependencies": {"vite": "6"}}
    assert detected(tmp_path, package).start == "node s.js"


@pytest.mark.parametrize(
    ("package", "files", "version"),
    [
        ({"engines": {"node": "18 || 20"}}, {}, "20"),
        ({"engines": {"node": ">=16"}, "volta": {"node": "20.11.1"}}, {}, "20.11.1"),
        ({"engines": {"node": "18"}}, {"_nvmrc": "v22.1.0\n"}, "22.1.0"),
        ({}, {"_nvmrc": "lts/*\n", "_tool__versions": "nodejs 18.2.0\n"}, "18.2.0"),
        ({}, {}, "22"),
    ],
)
def test_a_pinned_version_is_kept(tmp_path: Path, package: dict[str, Any], files: dict[str, str], version: str) -> None:
    candidate = detected(tmp_path, {"scripts": {"start": "node x.js"}, **package}, **files)
    assert {stage.version for stage in candidate.stages} == {version}


@pytest.mark.parametrize("start", ["npm run build && node serve.js", "npm run build; node serve.js"])
def test_what_builds_at_each_start_keeps_what_it_builds_with(tmp_path: Path, start: str) -> None:
    candidate = detected(
        tmp_path, {"scripts": {"start": start, "build": "tsc"}, "devDependencies": {"typescript": "5"}}
    )
    assert not [command for command in commands(candidate) if "--omit=dev" in command]
    assert "builds at each start" in candidate.warnings[-1].text


def test_stages_that_install_side_by_side_take_turns_with_the_cache_of_yarn_1(tmp_path: Path) -> None:
    package = {"scripts": {"start": "node s.js", "build": "tsc"}}
    candidate = detected(tmp_path, package, yarn_lock="# yarn lockfile v1\n", s_js="")
    installs = [
        step
        for stage in candidate.stages
        for step in stage.steps
        if isinstance(step, Run) and any("yarn install" in command for command in step.commands)
    ]
    assert len(installs) == 2
    assert all(step.exclusive for step in installs)
