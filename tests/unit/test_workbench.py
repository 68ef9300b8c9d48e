"""What is laid out beside a build: the Dockerfile, what stays out of it, the certificates it trusts."""

from pathlib import Path

import pytest
from tests.support.builds import request_for, source, with_context

from shipway.builders import workbench as workbench_module
from shipway.builders.workbench import DEFAULT_DOCKERIGNORE, Workbench, ca_bundle
from shipway.domain.errors import BuildFailed, Unavailable

ONE, TWO = (f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----" for body in ("b25l", "dHdv"))


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    (tmp_path / "bench").mkdir()
    return Workbench(tmp_path / "bench")


@pytest.fixture
def host_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "host.crt"
    path.write_text(f"# this machine's\n{ONE}\n")
    monkeypatch.setattr(workbench_module, "_HOST_BUNDLES", (tmp_path / "missing.crt", path))
    return path


def left_out(bench: Workbench) -> str | None:
    path = bench.directory / "Dockerfile.dockerignore"
    return path.read_text() if path.exists() else None


def test_a_source_that_says_nothing_leaves_out_the_usual(bench: Workbench, tmp_path: Path) -> None:
    tree = source(tmp_path / "src", app__py="")
    assert bench.lay_out(request_for(tree, "FROM x\n"), None) == tree.resolve()
    assert left_out(bench) == DEFAULT_DOCKERIGNORE
    assert sorted(path.name for path in tree.iterdir()) == ["app.py"]


def test_a_source_s_own_dockerignore_is_left_to_buildkit(bench: Workbench, tmp_path: Path) -> None:
    bench.lay_out(request_for(source(tmp_path / "src", __dockerignore="docs\n"), "FROM x\n"), None)
    assert left_out(bench) is None


def test_the_rules_beside_a_dockerfile_come_before_the_general_ones(bench: Workbench, tmp_path: Path) -> None:
    tree = source(tmp_path / "src", Dockerfile__dockerignore="tests\n", __dockerignore="docs\n")
    bench.lay_out(request_for(tree, "FROM x\n"), None)
    assert left_out(bench) == "tests\n"


@pytest.mark.parametrize("name", ["Dockerfile.dockerignore", ".dockerignore"])
def test_rules_that_a_link_finds_outside_of_the_source_are_none(bench: Workbench, tmp_path: Path, name: str) -> None:
    (tmp_path / "elsewhere").write_text("nobody's business\n")
    tree = source(tmp_path / "src")
    (tree / name).symlink_to(tmp_path / "elsewhere")
    bench.lay_out(request_for(tree, "FROM x\n"), None)
    assert left_out(bench) == DEFAULT_DOCKERIGNORE


@pytest.mark.parametrize("context", ["..", "missing", "app.py", "outside"])
def test_a_context_that_is_no_directory_inside_the_source_is_refused(
    bench: Workbench, tmp_path: Path, context: str
) -> None:
    tree = source(tmp_path / "src", app__py="")
    (tree / "outside").symlink_to("/etc")
    with pytest.raises(BuildFailed) as failure:
        bench.lay_out(with_context(request_for(tree, "FROM x\n"), context), None)
    assert failure.value.code == "dockerfile-error" and repr(context) in failure.value.message


@pytest.mark.parametrize("dockerfile", ["", "# nothing\n", "ARG VERSION=1\n", "ARG A=1 \\\nFROM x\n"])
def test_a_dockerfile_without_a_stage_never_reaches_the_engine(
    bench: Workbench, tmp_path: Path, dockerfile: str
) -> None:
    with pytest.raises(BuildFailed) as failure:
        bench.lay_out(request_for(source(tmp_path / "src"), dockerfile), None)
    assert failure.value.code == "dockerfile-error"


def test_builds_trust_this_machine_s_certificates_and_the_extra_ones_each_once(
    host_bundle: Path, tmp_path: Path
) -> None:
    extra = tmp_path / "extra.pem"
    extra.write_text(f"{TWO}\n{ONE}\n")
    assert ca_bundle(None) == f"{ONE}\n"
    assert ca_bundle(extra) == f"{ONE}\n{TWO}\n"


def test_extra_certificates_that_can_t_be_read_are_named(host_bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="nowhere.pem") as error:
        ca_bundle(tmp_path / "nowhere.pem")
    assert "extra_ca" in error.value.hint


def test_the_client_is_told_everything_by_file_and_option(bench: Workbench, host_bundle: Path, tmp_path: Path) -> None:
    request = request_for(source(tmp_path / "src"), "FROM x\n", tag="acme/api:v1")
    bench.lay_out(request, None)
    assert bench.options(request) == [
        *("--file", str(bench.directory / "Dockerfile"), "--tag", "acme/api:v1"),
        *("--iidfile", str(bench.directory / "image-id"), "--label", "shipway.test=build"),
        *("--secret", f"id=shipway-ca,src={bench.directory}/ca.pem"),
    ]


def test_a_machine_without_certificates_of_its_own_gives_builds_none(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbench_module, "_HOST_BUNDLES", ())
    request = request_for(source(tmp_path / "src"), "FROM x\n")
    bench.lay_out(request, None)
    assert "--secret" not in bench.options(request)
