"""scripts/setup.sh in a copy of this checkout: it makes the environment, notices what breaks it, and is idle otherwise."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("pyproject.toml", "requirements.lock", "README.md", "scripts", "src")

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout that was set up, then moved."""
    original = tmp_path_factory.mktemp("before") / "shipway"
    for name in NEEDED:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        original.mkdir(exist_ok=True)
        copy(source, original / name)
    set_up(original)
    return Path(shutil.move(original, tmp_path_factory.mktemp("after")))


def set_up(checkout: Path) -> str:
    return subprocess.check_output(["bash", checkout / "scripts/setup.sh"], text=True)


def imported_from(checkout: Path) -> str:
    code = "import shipway; print(shipway.__file__)"
    return subprocess.check_output([checkout / ".venv/bin/python", "-c", code], text=True)


def test_a_moved_checkout_gets_an_environment_of_its_own(checkout: Path) -> None:
    assert "Making .venv" in set_up(checkout)
    assert imported_from(checkout) == f"{checkout}/src/shipway/__init__.py\n"
    assert (checkout / ".venv/bin/shipway").read_text().startswith(f"#!{checkout}/.venv/bin/python")


def test_a_ready_environment_is_left_alone(checkout: Path) -> None:
    set_up(checkout)
    assert set_up(checkout) == ""


def test_a_changed_lock_is_installed_into_the_same_environment(checkout: Path) -> None:
    set_up(checkout)
    with (checkout / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    said = set_up(checkout)
    assert "Python packages" in said
    assert "Making .venv" not in said


def test_a_broken_environment_is_made_anew(checkout: Path) -> None:
    set_up(checkout)
    (checkout / ".venv/bin/python").unlink()
    assert "Making .venv" in set_up(checkout)
    assert imported_from(checkout).startswith(str(checkout))
