"""What an analysis says about build arguments and build secrets, which it knows by name only."""

from pathlib import Path

import pytest
from tests.support.builds import source

from shipway.builders.analysis import analyze
from shipway.builders.build_arguments import BuildNames
from shipway.builders.detectors.tree import Tree
from shipway.builders.dockerfile import parse
from shipway.builders.ignore import Dockerignore
from shipway.domain.artifacts import Analysis
from shipway.domain.service import ServiceSettings


def warnings(names: BuildNames, text: str) -> list[str]:
    return [finding.text for finding in names.warnings(parse(text))]


def analysis(tree: Path, *arguments: str, secrets: tuple[str, ...] = ()) -> Analysis:
    build = BuildNames.of(arguments, secrets)
    return analyze(tree, ServiceSettings(), lambda runtime, version: f"{runtime}:{version}", build=build)


def test_an_argument_that_no_arg_declares_has_no_effect_and_is_told() -> None:
    text = "ARG BEFORE\nFROM x\nARG ONE=1 TWO\nRUN --mount=type=secret,id=TOKEN true\n"
    names = BuildNames(("BEFORE", "ONE", "TWO", "THREE"), ("TOKEN", "TOK"))
    assert [found.split()[0] for found in warnings(names, text)] == ["THREE", "TOK"]


def test_an_argument_that_is_called_like_a_secret_is_told_to_become_one() -> None:
    found = warnings(BuildNames(("NPM_TOKEN",)), "FROM x\nARG NPM_TOKEN\n")
    assert len(found) == 1 and "shipway config set --build-secret NPM_TOKEN" in found[0]


@pytest.mark.parametrize(
    "name", ["PIP_INDEX_URL", "npm_config_registry", "GOPROXY", "UV_INDEX_URL", "BUNDLE_GEMS__ACME__COM"]
)
def test_installers_own_variables_come_before_the_dependencies(tmp_path: Path, name: str) -> None:
    assert BuildNames((name, "SITE")).early(Tree(tmp_path, Dockerignore("", ""), False)) == (name,)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("__npmrc", "registry=https://${HOST}/npm/\n"),
        ("requirements__txt", "--index-url https://${HOST}/simple\n"),
        ("__yarnrc__yml", 'npmRegistryServer: "https://$HOST"\n'),
        ("settings__xml", "<url>https://${env.HOST}/maven</url>\n"),
    ],
)
def test_what_the_files_of_installers_refer_to_comes_before_them_too(tmp_path: Path, path: str, text: str) -> None:
    tree = Tree(source(tmp_path, **{path: text}), Dockerignore("", ""), False)
    assert BuildNames(("HOST", "HOSTS")).early(tree) == ("HOST",)


def test_a_generated_dockerfile_declares_them_and_the_analysis_has_nothing_to_warn_of(tmp_path: Path) -> None:
    tree = source(tmp_path, package__json='{"scripts": {"build": "x", "start": "y"}, "dependencies": {"a": "1"}}')
    found = analysis(tree, "SITE", secrets=("NPM_TOKEN",))
    lines = found.dockerfile.splitlines()
    assert lines.index("ARG SITE") == lines.index("COPY . ./") - 1
    assert not [finding for finding in found.warnings if "SITE" in finding.text or "NPM_TOKEN" in finding.text]


def test_a_dockerfile_of_one_s_own_is_left_alone_and_what_it_lacks_is_told(tmp_path: Path) -> None:
    text = 'FROM python:3.13\nEXPOSE 80\nCMD ["x"]\n'
    found = analysis(source(tmp_path, Dockerfile=text), "SITE", secrets=("NPM_TOKEN",))
    assert found.dockerfile == text
    assert [(finding.text.split()[0], finding.where) for finding in found.warnings[-2:]] == [
        ("SITE", "Dockerfile"),
        ("NPM_TOKEN", "Dockerfile"),
    ]


def test_pages_that_nothing_builds_have_no_use_for_an_argument(tmp_path: Path) -> None:
    found = analysis(source(tmp_path, index__html="<p>hello"), "SITE")
    assert "ARG" not in found.dockerfile
    assert any(finding.text.startswith("SITE is marked for builds, but") for finding in found.warnings)
