"""Directories of a moment do not outlive those who hold them."""

import os
import tempfile
import time
from pathlib import Path

import pytest

from shipway.builders.temporary import temporary


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def left_behind(here: Path, name: str, *, age: float) -> Path:
    path = here / name
    path.mkdir()
    (path / "config.json").write_text("secret")
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_a_directory_is_its_owner_s_alone_and_gone_with_its_block(here: Path) -> None:
    with temporary("build-") as directory:
        assert directory.stat().st_mode & 0o777 == 0o700
    assert list(here.iterdir()) == []


def test_what_a_kill_left_behind_goes_when_the_next_one_is_made(here: Path) -> None:
    old, other = left_behind(here, "build-old", age=120), left_behind(here, "other-old", age=120)
    with temporary("build-"):
        assert not old.exists() and other.exists()


def test_what_may_just_have_been_made_stays(here: Path) -> None:
    fresh = left_behind(here, "build-fresh", age=5)
    with temporary("build-"):
        assert fresh.exists()


def test_what_somebody_holds_stays_however_old(here: Path) -> None:
    with temporary("build-") as held:
        os.utime(held, (time.time() - 3600,) * 2)
        with temporary("build-"):
            assert held.exists()
