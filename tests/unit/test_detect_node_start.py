"""Node servers: what their start script becomes, which port they insist on, and which system packages they get."""

import json
from pathlib import Path
from typing import Any

import pytest

from shipway.builders.detectors.detector import Candidate
from shipway.builders.detectors.node import detect
from shipway.builders.detectors.tree import Tree


def detected(tmp_path: Path, package: dict[str, Any], files: dict[str, str] | None = None) -> Candidate:
    """The candidate for a package.json and other files."""
    for path, text in {"package.json": json.dumps(package, indent=1), **(files or {})}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    candidate = detect(Tree(tmp_path))
    assert candidate
    return candidate


def warnings(candidate: Candidate) -> str:
    """All warnings but the one about the lock file."""
    return "\n".join(warning.text for warning in candidate.warnings if "No lock file" not in warning.text)


@pytest.mark.parametrize(
    ("scripts", "start"),
    [
        ({"start": "nodemon server.js"}, "node server.js"),
        ({"start": "node --watch src/server.mjs"}, "node src/server.mjs"),
        ({"start": "tsx watch src/server.ts"}, "tsx src/server.ts"),
        ({"start": "bun --hot src/index.ts"}, "bun src/index.ts"),
        ({"start": "nest start --watch", "start:prod": "NODE_ENV=production node dist/main"}, "node dist/main"),
        ({"start": "npm run dev", "dev": "nodemon server.js"}, "node server.js"),
    ],
)
def test_a_server_for_development_is_started_without_what_watches(
    tmp_path: Path, scripts: dict[str, str], start: str
) -> None:
    candidate = detected(tmp_path, {"scripts": scripts})
    assert candidate.start == start
    assert f"started by `{start}` instead" in warnings(candidate)


def test_a_server_for_development_without_a_certain_replacement_is_kept_and_told(tmp_path: Path) -> None:
    candidate = detected(tmp_path, {"scripts": {"start": "ts-node-dev src/main.ts"}})
    assert candidate.start == "ts-node-dev src/main.ts"
    assert "slow and unsafe in production" in warnings(candidate)


@pytest.mark.parametrize(
    ("scripts", "start"),
    [
        ({"start": "npm run serve", "serve": "node x.js"}, "node x.js"),
        ({"start": "npm run serve", "serve": "node x.js", "preserve": "node y.js"}, "npm start"),
        ({"start": "node x.js", "prestart": "node migrate.js"}, "npm start"),
        ({"start:prod": "node dist/x.js"}, "node dist/x.js"),
    ],
)
def test_what_a_manager_adds_to_a_script_is_kept(tmp_path: Path, scripts: dict[str, str], start: str) -> None:
    assert detected(tmp_path, {"scripts": scripts}).start == start


@pytest.mark.parametrize(
    ("package", "files", "port"),
    [
        ({"scripts": {"start": "next start -p 4000"}}, {}, 4000),
        ({"scripts": {"start": "PORT=5000 node x.js"}}, {}, 5000),
        ({"scripts": {"start": "node x.js"}}, {"x.js": "app.listen(3000)"}, 3000),
        ({"scripts": {"start": "node x.js"}}, {"x.js": "app.listen(3000); // not process.env.PORT"}, 0),
        ({"scripts": {"start": "node x.js"}}, {"x.js": "app.listen(process.env.PORT || 3000)"}, 0),
    ],
)
def test_a_port_that_it_insists_on_is_the_services_port(
    tmp_path: Path, package: dict[str, Any], files: dict[str, str], port: int
) -> None:
    assert detected(tmp_path, package, files).port == port


def test_listening_on_localhost_only_is_told_with_its_line(tmp_path: Path) -> None:
    files = {"x.js": "\napp.listen(process.env.PORT, 'localhost')"}
    candidate = detected(tmp_path, {"scripts": {"start": "node x.js"}}, files)
    assert candidate.warnings[-1].where == "x.js:2"
    assert "Listen on 0.0.0.0" in candidate.warnings[-1].text


@pytest.mark.parametrize(
    ("start", "runtime"),
    [
        ("bun src/index.ts", "plain"),
        ("bun run --smol index.js", "plain"),
        ("bun run serve", "node"),
        ("node dist/index.js", "node"),
        ("bunx next start", "node"),
    ],
)
def test_node_stays_out_where_bun_runs_a_file(tmp_path: Path, start: str, runtime: str) -> None:
    candidate = detected(tmp_path, {"scripts": {"start": start, "serve": "node x.js && node y.js"}}, {"bun.lock": "{}"})
    assert candidate.stages[-1].runtime == runtime
    assert "bun install --frozen-lockfile --production" in str(candidate.stages)


def test_bun_is_there_to_run_what_npm_installs(tmp_path: Path) -> None:
    candidate = detected(tmp_path, {"scripts": {"start": "bun src/index.ts"}}, {"package-lock.json": "{}"})
    assert "npm install --global --prefix /opt/tools bun@1'" in str(candidate.stages)
    assert "npm ci" in str(candidate.stages)


def test_bun_runs_a_main_file_in_typescript(tmp_path: Path) -> None:
    assert detected(tmp_path, {"module": "index.ts"}, {"index.ts": "", "bun.lockb": ""}).start == "bun index.ts"


@pytest.mark.parametrize(
    ("package", "files", "tool"),
    [
        ({"packageManager": "bun@1.2.3"}, {}, "bun@1.2.3"),
        ({}, {"bun.lock": "{}", ".bun-version": "1.1.30\n"}, "bun@1.1.30"),
        ({"engines": {"pnpm": "^8.6"}}, {"pnpm-lock.yaml": "lockfileVersion: '6.0'"}, "pnpm@8"),
        ({"volta": {"yarn": "1.22.19"}}, {"yarn.lock": ""}, "yarn@1.22.19"),
        ({"engines": {"pnpm": ">=8"}}, {"pnpm-lock.yaml": "lockfileVersion: '9.0'"}, "pnpm@9"),
    ],
)
def test_a_managers_version_is_kept(tmp_path: Path, package: dict[str, Any], files: dict[str, str], tool: str) -> None:
    candidate = detected(tmp_path, {"scripts": {"start": "node x.js"}, **package}, files)
    assert f"npm install --global --prefix /opt/tools {tool}'" in str(candidate.stages)


def test_a_second_managers_lock_file_is_told(tmp_path: Path) -> None:
    candidate = detected(tmp_path, {}, {"index.js": "", "pnpm-lock.yaml": "", "package-lock.json": "{}"})
    assert warnings(candidate).startswith("package-lock.json is not read, pnpm-lock.yaml is.")


@pytest.mark.parametrize(
    ("files", "version"),
    [
        ({".nvmrc": "lts/iron\n"}, "20"),
        ({"mise.toml": '[tools]\nnode = "20.1"\n'}, "20.1"),
        ({".nvmrc": "lts/*"}, "22"),
    ],
)
def test_a_version_by_name_is_kept(tmp_path: Path, files: dict[str, str], version: str) -> None:
    assert detected(tmp_path, {}, {"index.js": "", **files}).stages[-1].version == version


@pytest.mark.parametrize(
    ("package", "building", "running"),
    [
        ({"dependencies": {"bcrypt": "5"}}, "g++", ""),
        ({"dependencies": {"canvas": "3"}}, "libcairo2-dev", "libcairo2"),
        ({"devDependencies": {"canvas": "3"}}, "libcairo2-dev", ""),
        ({"dependencies": {"@prisma/client": "6"}}, "openssl", "openssl"),
        ({"dependencies": {"puppeteer": "24"}}, "", "chromium"),
        ({"dependencies": {"thing": "github:someone/thing"}}, "git", ""),
        ({"dependencies": {"thing": "someone/thing#v1"}}, "git", ""),
        ({"dependencies": {"express": "^4"}}, "", ""),
    ],
)
def test_packages_get_what_they_are_compiled_with_and_call(
    tmp_path: Path, package: dict[str, Any], building: str, running: str
) -> None:
    candidate = detected(tmp_path, package, {"index.js": ""})
    first, last = candidate.stages[0], candidate.stages[-1]
    assert (building in first.packages, bool(first.packages)) == (bool(building), bool(building))
    assert (running in last.packages, bool(last.packages)) == (bool(running), bool(running))
    told = [finding for finding in candidate.evidence if " needs " in finding.text]
    assert [finding.where.partition(":")[0] for finding in told] == ["package.json"] * bool(building or running)


def test_prismas_client_is_generated_from_the_source(tmp_path: Path) -> None:
    package = {"dependencies": {"@prisma/client": "6"}, "devDependencies": {"prisma": "6"}, "scripts": {"build": "tsc"}}
    text = str(detected(tmp_path, package, {"index.js": "", "prisma/schema.prisma": ""}).stages)
    assert (
        text.index("paths=('.',)")
        < text.index("npm install")
        < text.index("npx prisma generate")
        < text.index("run build")
    )


def test_herokus_own_build_script_goes_before_the_usual_one(tmp_path: Path) -> None:
    scripts = {"heroku-postbuild": "cd client && npm install", "build": "tsc", "start": "node x.js"}
    candidate = detected(tmp_path, {"scripts": scripts})
    assert "npm run heroku-postbuild" in str(candidate.stages)
    assert "npm run build" not in str(candidate.stages)


def test_a_start_script_for_what_nothing_builds_is_told(tmp_path: Path) -> None:
    package = {"scripts": {"start": "node dist/main"}}
    assert "dist/main is not in the source" in warnings(detected(tmp_path, package))
    assert not warnings(detected(tmp_path, package, {"dist/main.js": ""}))


@pytest.mark.parametrize(
    ("start", "path", "code", "port"),
    [
        ("node index.js", "index.js", "const port = 3000\napp.listen(port, () => {})", 3000),
        ("node .", "index.js", "const PORT = 4000;\napp.listen(PORT);", 4000),
        ("node server", "server.js", "app.listen(5000)", 5000),
        ("node server.js", "server.js", "fastify.listen({ port: 3000, host: '0.0.0.0' })", 3000),
        ("node dist/main", "src/main.ts", "await app.listen(3000);", 3000),
        ("node dist/index.js", "src/index.ts", "serve({\n  fetch: app.fetch,\n  port: 3000\n})", 3000),
        ("node build/src/index.js", "src/index.ts", "const port: number = 3000;\napp.listen(port)", 3000),
        ("node dist/main", "src/main.ts", "await app.listen(process.env.PORT ?? 3000);", 0),
        ("node index.js", "index.js", "const { PORT = 3000 } = process.env\napp.listen(PORT)", 0),
        ("node index.js", "index.js", "if (!process.env.PORT) app.listen(3000)\n", 0),
        ("node index.js", "index.js", "import { port } from './config.js'\napp.listen(port)", 0),
        ("node index.js", "index.js", "const port = config.get('port')\napp.listen(port)", 0),
        ("node index.js", "index.js", "app.listen(settings.port)", 0),
    ],
)
def test_a_port_in_the_code_that_is_started_or_compiled_counts(
    tmp_path: Path, start: str, path: str, code: str, port: int
) -> None:
    candidate = detected(tmp_path, {"scripts": {"start": start, "build": "tsc"}}, {path: code})
    assert candidate.port == port


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("fastify.listen({ port: process.env.PORT })", True),
        ("fastify.listen({ port: process.env.PORT, host: '0.0.0.0' })", False),
    ],
)
def test_fastify_has_to_be_told_a_host(tmp_path: Path, code: str, told: bool) -> None:
    package = {"scripts": {"start": "node server.js"}, "dependencies": {"fastify": "5"}}
    assert ("listens on localhost" in warnings(detected(tmp_path, package, {"server.js": code}))) == told


def test_a_file_of_variables_that_no_build_has_is_not_asked_for(tmp_path: Path) -> None:
    package = {"scripts": {"start": "node --env-file=.env server.js"}}
    assert detected(tmp_path, package, {"server.js": ""}).start == "node server.js"
    assert detected(tmp_path, package, {".env": "A=1"}).start == "node --env-file=.env server.js"


def test_bun_runs_the_source_of_an_app_without_a_start_script(tmp_path: Path) -> None:
    package = {"scripts": {"dev": "bun run --hot src/index.ts"}, "dependencies": {"hono": "4"}}
    assert detected(tmp_path, package, {"src/index.ts": ""}).start == ""
    assert detected(tmp_path, package, {"bun.lock": ""}).start == "bun src/index.ts"
