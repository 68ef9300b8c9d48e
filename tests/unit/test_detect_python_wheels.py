"""A package pinned to a version that the default Python is too new for gets an older one."""

from pathlib import Path

import pytest

from shipway.builders.detectors.python_version import python_version
from shipway.builders.detectors.tree import Tree


def tree_of(root: Path, files: dict[str, str]) -> Tree:
    for name, text in files.items():
        (root / name).write_text(text)
    return Tree(root)


@pytest.mark.parametrize(
    ("requirements", "version"),
    [
        ("psycopg2-binary==2.9.9", "3.11"),
        ("Django==5.0\npsycopg2_binary == 2.8\n", "3.11"),
        ("psycopg2-binary==2.9.10", "3.13"),
        ("pydantic[email]==2.7.4", "3.11"),
        ("pydantic==1.10.2", "3.13"),
        ("numpy>=1.26", "3.13"),
        ("numpy==1.26.4 # for the model", "3.11"),
        ("flask==3.0.0", "3.13"),
        ("", "3.13"),
    ],
)
def test_pins_choose_the_python(tmp_path: Path, requirements: str, version: str) -> None:
    assert python_version(tree_of(tmp_path, {"requirements.txt": requirements})).number == version


def test_why_is_told(tmp_path: Path) -> None:
    chosen = python_version(tree_of(tmp_path, {"requirements.txt": "flask==3.0.0\npillow==9.5.0\n"}))
    assert chosen.where == "requirements.txt: pillow==9.5.0 is older than Python 3.13"


def test_what_the_app_says_itself_wins(tmp_path: Path) -> None:
    tree = tree_of(tmp_path, {"requirements.txt": "pillow==9.5.0\n", ".python-version": "3.13\n"})
    assert python_version(tree).number == "3.13"
