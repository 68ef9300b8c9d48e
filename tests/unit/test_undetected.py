"""What someone is told whose app is not recognised."""

from pathlib import Path

import pytest

from shipway.builders.analysis import analyze
from shipway.builders.detectors.tree import Tree
from shipway.builders.dockerfile import parse
from shipway.builders.suggestions import _LANGUAGES, dockerfile_for, seen
from shipway.domain.errors import DeployFailed
from shipway.domain.service import ServiceSettings


def failure_of(directory: Path) -> DeployFailed:
    """The error."""
    with pytest.raises(DeployFailed) as failure:
        analyze(directory, ServiceSettings(), lambda *_: "x", name="acme/shop/production/api")
    assert failure.value.code == "nothing-detected"
    return failure.value


def files(directory: Path, *paths: str) -> None:
    """Empty ones."""
    for path in paths:
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text("")


@pytest.mark.parametrize("language", [language for language in _LANGUAGES], ids=lambda language: language.name)
def test_the_dockerfile_to_paste_fits_the_language_and_is_one(tmp_path: Path, language: object) -> None:
    files(tmp_path, f"code/file{language.endings[0]}")  # type: ignore[attr-defined]
    text = dockerfile_for(Tree(tmp_path))
    assert language.image in text  # type: ignore[attr-defined]
    assert parse(text).stages
    assert "EXPOSE 8080" in text


def test_pages_and_scripts_beside_code_do_not_decide(tmp_path: Path) -> None:
    files(tmp_path, "a.html", "b.html", "c.sh", "d.sh", "lib/app.pl")
    assert dockerfile_for(Tree(tmp_path)).startswith("FROM perl")
    assert seen(Tree(tmp_path)) == "HTML (2 files), shell (2 files), Perl (1 file)"


def test_an_empty_source_says_so(tmp_path: Path) -> None:
    assert failure_of(tmp_path).message == "The source is empty."


def test_directories_that_can_be_built_are_named_with_the_command_to_choose_them(tmp_path: Path) -> None:
    files(tmp_path, "README.md", "apps/api/Dockerfile", "apps/web/index.html", "apps/web/public/index.html")
    failure = failure_of(tmp_path)
    assert "2 of its directories can be built" in failure.message
    assert "apps/api (dockerfile) and apps/web (static) can be built" in failure.hint
    assert "  shipway services set acme/shop/production/api --subdirectory apps/web\n" in failure.hint
    assert "apps/web/public" not in failure.hint


def test_a_dockerfile_that_is_not_where_it_is_looked_for_is_pointed_out(tmp_path: Path) -> None:
    files(tmp_path, "deploy/Dockerfile.prod")
    assert 'dockerfile = "deploy/Dockerfile.prod"' in failure_of(tmp_path).hint
