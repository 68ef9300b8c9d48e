"""Deno apps: how they are started, and which Deno they get, beyond what the samples show."""

from functools import partial
from pathlib import Path

import pytest
from tests.support.detected import candidate

from shipway.builders.detectors.deno import detect
from shipway.builders.detectors.detector import Run
from shipway.domain.errors import AnalysisFailed

detected = partial(candidate, detect)


@pytest.mark.parametrize(
    ("files", "start"),
    [
        (
            {"deno.json": '{"tasks": {"start": "deno run -A src/app.ts"}}', "src/app.ts": "env.get('PORT')"},
            "deno run -A src/app.ts",
        ),
        (
            {"deno.json": '{"tasks": {"start": "deno run --watch -A main.ts"}}', "main.ts": "PORT"},
            "deno run -A main.ts",
        ),
        ({"deno.json": '{"tasks": {"start": {"command": "a && b"}}}'}, "deno task start"),
        (
            {"deno.json": '{"tasks": {"start": "deno serve -A main.ts"}}', "main.ts": ""},
            "deno serve --host=0.0.0.0 --port=$PORT -A main.ts",
        ),
        (
            {"deno.lock": "{}", "main.ts": "export default { fetch() {} }"},
            "deno serve --host=0.0.0.0 --port=$PORT --allow-env --allow-read --allow-net main.ts",
        ),
        (
            {"deno.json": "{}", "main.ts": "Deno.serve(() => new Response())"},
            "export DENO_SERVE_ADDRESS=tcp:0.0.0.0:$PORT && exec deno run --allow-env --allow-read --allow-net main.ts",
        ),
        ({"deno.json": "{}"}, ""),
    ],
)
def test_a_server_is_started_on_the_port_it_is_given(tmp_path: Path, files: dict[str, str], start: str) -> None:
    assert detected(tmp_path, files).start == start


def test_comments_and_trailing_commas_are_read(tmp_path: Path) -> None:
    text = '{\n  // why: "x"\n  "tasks": { "start": "deno run -A jsr:@a/b", }, /* , } */\n  "a": "//,}",\n}\n'
    assert detected(tmp_path, {"deno.jsonc": text}).start.endswith("exec deno run -A jsr:@a/b")


def test_what_can_not_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(AnalysisFailed, match=r"deno\.json can't be read") as failure:
        detected(tmp_path, {"deno.json": '{"tasks": '})
    assert failure.value.code == "manifest-error"


def test_a_port_in_the_task_is_the_services_port(tmp_path: Path) -> None:
    text = '{"tasks": {"start": "deno serve --port 9000 main.ts"}}'
    assert detected(tmp_path, {"deno.json": text, "main.ts": ""}).port == 9000


def test_beside_a_package_json_only_a_start_task_makes_it_deno(tmp_path: Path) -> None:
    files = {"deno.json": '{"fmt": {}}', "package.json": "{}", "main.ts": ""}
    assert not detected(tmp_path, files).certain
    assert detected(tmp_path, {"deno.json": '{"tasks": {"start": "deno run main.ts"}}'}).certain


@pytest.mark.parametrize(
    ("files", "version"),
    [
        ({".dvmrc": "1.46.3\n"}, "1.46.3"),
        ({".tool-versions": "deno 2.1.0\n"}, "2.1.0"),
        ({"mise.toml": '[tools]\ndeno = "2.2"\n'}, "2.2"),
        ({}, "2"),
    ],
)
def test_a_pinned_deno_is_kept(tmp_path: Path, files: dict[str, str], version: str) -> None:
    steps = detected(tmp_path, {"deno.json": "{}", "main.ts": "", **files}).stages[0].steps
    assert f"npm install --global --prefix /opt/tools deno@{version}" in [
        command for step in steps if isinstance(step, Run) for command in step.commands
    ]


def test_a_lock_file_is_kept_to_and_its_absence_told(tmp_path: Path) -> None:
    without = detected(tmp_path, {"deno.json": "{}", "main.ts": ""})
    assert "No lock file" in without.warnings[0].text
    with_lock = detected(tmp_path, {"deno.lock": "{}"})
    assert with_lock.warnings == ()
    assert "deno cache --frozen main.ts" in str(with_lock.stages)
