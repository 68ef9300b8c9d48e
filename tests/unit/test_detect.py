"""Every sample app under tests/apps is analysed as its expected.json says."""

import json
from pathlib import Path
from typing import Any

import pytest

from shipway.builders.analysis import analyze, explain
from shipway.builders.dockerfile import parse
from shipway.builders.dockerfile_checks import check
from shipway.builders.dockerfile_sources import Context
from shipway.builders.ignore import Dockerignore
from shipway.domain.artifacts import Analysis, Finding
from shipway.domain.errors import DeployFailed
from shipway.domain.service import ServiceSettings

APPS = Path(__file__).parents[1] / "apps"
NAMES = sorted(path.parent.name for path in APPS.glob("*/expected.json"))


def base(runtime: str, version: str) -> str:
    """Names that show what was asked for."""
    return f"{runtime}:{version or 'any'}"


def expected_of(name: str) -> dict[str, Any]:
    """What expected.json says, and the directory the service is in."""
    expected: dict[str, Any] = json.loads((APPS / name / "expected.json").read_text())
    return expected


@pytest.mark.parametrize("name", [name for name in NAMES if "error" not in expected_of(name)])
def test_a_sample_app_is_analysed_as_expected(name: str) -> None:
    expected = expected_of(name)
    analysis = analyze(APPS / name / expected.get("subdirectory", ""), ServiceSettings(), base, root=APPS / name)
    assert analysis.provider == expected["provider"]
    assert {process.name: process.command for process in analysis.processes} == expected["processes"]
    assert (analysis.port, analysis.release_command) == (expected["port"], expected.get("release_command", ""))
    assert list(analysis.alternatives) == expected.get("alternatives", [])
    assert_declared(analysis, expected)
    assert_version(analysis, expected)
    assert_findings(analysis, expected)
    assert_dockerfile(analysis, expected)


@pytest.mark.parametrize("name", [name for name in NAMES if "error" in expected_of(name)])
def test_a_sample_app_that_can_not_be_built_says_why_and_how_to_go_on(name: str) -> None:
    expected = expected_of(name)
    with pytest.raises(DeployFailed) as failure:
        analyze(APPS / name, ServiceSettings(), base)
    assert failure.value.code == expected["error"]
    assert_contains(failure.value.message, expected.get("message_has", []))
    assert_contains(failure.value.hint, expected.get("hint_has", []))
    assert_contains("\n".join(failure.value.evidence), expected.get("evidence_has", []))


def assert_declared(analysis: Analysis, expected: dict[str, Any]) -> None:
    """What files say about scale, health, and the way a Dockerfile is built."""
    quantities = {process.name: process.quantity for process in analysis.processes}
    assert quantities == expected.get("quantities", dict.fromkeys(quantities, 1))
    assert (analysis.probe.path if analysis.probe else "") == expected.get("health_path", "")
    assert (analysis.context, analysis.target) == (expected.get("context", "."), expected.get("target", ""))


def assert_version(analysis: Analysis, expected: dict[str, Any]) -> None:
    """The runtime's version is in the evidence with the place that asks for it, and in FROM."""
    if version := expected.get("version"):
        found = next(finding for finding in analysis.evidence if finding.text.startswith(version))
        assert found.where == expected.get("version_where", found.where)
        assert f"FROM {analysis.provider}:{version.rpartition(' ')[2]}" in analysis.dockerfile


def assert_findings(analysis: Analysis, expected: dict[str, Any]) -> None:
    """Each expected piece of evidence is there, and exactly the expected warnings."""
    assert_contains("\n".join(finding.text for finding in analysis.evidence), expected.get("evidence", []))
    if "warnings" in expected:
        assert len(analysis.warnings) == len(expected["warnings"]), analysis.warnings
        for warning, part in zip(analysis.warnings, expected["warnings"], strict=True):
            assert part in warning.text
    for warning, line in zip(analysis.warnings, expected.get("warning_lines", []), strict=False):
        assert warning.where == f"Dockerfile:{line}"


def assert_dockerfile(analysis: Analysis, expected: dict[str, Any]) -> None:
    """The text has what it is expected to have, and what every generated Dockerfile has."""
    assert_contains(analysis.dockerfile, expected.get("dockerfile_has", []))
    assert not [part for part in expected.get("dockerfile_lacks", []) if part in analysis.dockerfile]
    assert analysis.generated == (analysis.provider != "dockerfile")
    if analysis.generated:
        assert_contains(analysis.dockerfile, ["USER 10001", f"EXPOSE {analysis.port}", f"PORT={analysis.port}"])
        assert not {"# syntax", "<<", "--link", "--chmod"} & set(analysis.dockerfile.split())


def assert_contains(text: str, parts: list[str]) -> None:
    """Every part is in the text."""
    assert [part for part in parts if part not in text] == [], text


def test_there_is_a_sample_for_each_kind_of_app() -> None:
    assert len(NAMES) >= 15


@pytest.mark.parametrize(
    "name", [name for name in NAMES if expected_of(name).get("provider", "dockerfile") != "dockerfile"]
)
def test_a_generated_dockerfile_passes_the_checks_for_the_users_own(name: str) -> None:
    source = APPS / name / expected_of(name).get("subdirectory", "")
    analysis = analyze(source, ServiceSettings(), base, root=APPS / name)
    context = Context(source / analysis.context, Dockerignore())
    checked = check(parse(analysis.dockerfile), context, command_given=False, port_given=False)
    assert checked.warnings == ()


def test_the_same_tree_gives_the_same_text() -> None:
    texts = {analyze(APPS / "typescript-pnpm", ServiceSettings(), base).dockerfile for _ in range(3)}
    assert len(texts) == 1


def test_the_settings_start_command_and_port_go_before_all_else() -> None:
    settings = ServiceSettings(start_command="gunicorn app:app --workers 9", port=5000)
    analysis = analyze(APPS / "procfile-with-worker-and-release", settings, base)
    assert analysis.processes[0].command == "gunicorn app:app --workers 9"
    assert [process.name for process in analysis.processes] == ["web", "worker"]
    assert analysis.port == 5000
    assert "EXPOSE 5000" in analysis.dockerfile


def test_a_start_command_starts_what_can_not_be_started_otherwise() -> None:
    analysis = analyze(APPS / "library-without-a-start", ServiceSettings(start_command="python -m lib"), base)
    assert [(process.name, process.command) for process in analysis.processes] == [("web", "python -m lib")]


def test_a_start_command_with_an_open_quote_is_refused() -> None:
    with pytest.raises(DeployFailed, match="quotation") as failure:
        analyze(APPS / "flask-pip", ServiceSettings(start_command="gunicorn 'app"), base)
    assert failure.value.code == "start-command-error"


def test_links_that_lead_out_of_the_source_do_not_exist(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "Dockerfile").write_text("FROM secret\n")
    (outside / "requirements.txt").write_text("flask\n")
    source = tmp_path / "source"
    source.mkdir()
    (outside / "Procfile").write_text("not a Procfile\n")
    for name in ("Dockerfile", "requirements.txt", "Procfile"):
        (source / name).symlink_to(outside / name)
    with pytest.raises(DeployFailed) as failure:
        analyze(source, ServiceSettings(), base)
    assert failure.value.code == "nothing-detected"


@pytest.mark.parametrize("path", ["../Dockerfile", "/etc/hostname", "docker/Dockerfile", "a\0b"])
def test_a_dockerfile_setting_that_names_no_file_in_the_source_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    source = tmp_path / "source"
    source.mkdir()
    (source / "Dockerfile.prod").write_text("FROM scratch\n")
    with pytest.raises(DeployFailed) as failure:
        analyze(source, ServiceSettings(dockerfile=path), base)
    assert failure.value.code == "dockerfile-error"
    assert "There is Dockerfile.prod." in failure.value.hint


def test_a_working_copy_is_analysed_without_what_git_ignores(tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist/index.html").write_text("<h1>built at home</h1>")
    (tmp_path / ".gitignore").write_text("dist/\n")
    assert analyze(tmp_path, ServiceSettings(), base).provider == "static"
    with pytest.raises(DeployFailed):
        analyze(tmp_path, ServiceSettings(), base, gitignore=True)


def test_pages_that_only_look_like_a_single_page_app_get_404s(tmp_path: Path) -> None:
    for name in ("index.html", "about.html"):
        (tmp_path / name).write_text('<div id="app"></div>')
    assert "try_files $uri $uri/ $uri.html =404" in analyze(tmp_path, ServiceSettings(), base).dockerfile
    (tmp_path / "about.html").unlink()
    assert "try_files $uri $uri/ /index.html" in analyze(tmp_path, ServiceSettings(), base).dockerfile


def test_a_page_that_a_generator_is_to_make_is_not_served_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("---\nlayout: home\n---\n")
    (tmp_path / "Gemfile").write_text("gem 'jekyll'\n")
    with pytest.raises(DeployFailed) as failure:
        analyze(tmp_path, ServiceSettings(), base)
    assert failure.value.code == "no-start-command"


def test_caches_are_set_apart_where_a_builder_is_shared() -> None:
    analysis = analyze(APPS / "flask-pip", ServiceSettings(), base, cache_prefix="acme-1f3c")
    assert "type=cache,id=acme-1f3c-root-.cache-pip,target=/root/.cache/pip" in analysis.dockerfile


def test_explain_tells_what_by_which_evidence_and_what_to_mind() -> None:
    analysis = Analysis(
        provider="python",
        dockerfile="",
        generated=True,
        processes=analyze(APPS / "flask-pip", ServiceSettings(), base).processes,
        port=8080,
        release_command="python migrate.py",
        evidence=(Finding("Python 3.12", ".python-version"), Finding("port 8080, the default")),
        warnings=(Finding("No lock file", "pyproject.toml"),),
        alternatives=("node",),
    )
    assert explain(analysis) == [
        "-----> Python: built from a generated Dockerfile",
        "       Python 3.12 (.python-version)",
        "       port 8080, the default",
        "       web: gunicorn --bind 0.0.0.0:$PORT --threads 8 app:app",
        "       release: python migrate.py",
        "       Also looks like: node",
        '       To choose that: `provider = "node"` under [build] in shipway.toml, or the option `--provider node`',
        " !     No lock file (pyproject.toml)",
    ]


def test_a_base_of_another_version_than_the_pinned_one_is_told() -> None:
    ours = analyze(APPS / "flask-pip", ServiceSettings(), lambda runtime, _version: f"shipway-base/{runtime}:3.13")
    assert any("python 3.13 instead of 3.12" in warning.text for warning in ours.warnings)
    same = analyze(APPS / "flask-pip", ServiceSettings(), lambda runtime, _version: f"shipway-base/{runtime}:3.12")
    assert not any("instead of" in warning.text for warning in same.warnings)
