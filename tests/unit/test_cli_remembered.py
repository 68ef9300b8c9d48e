"""What the command line remembers."""

import json
import stat
import threading
from pathlib import Path

import pytest

from shipway.client import config
from shipway.client.config import Config
from shipway.client.errors import ClientError


def test_a_link_counts_for_all_directories_below_it_and_the_nearest_one_wins(tmp_path: Path) -> None:
    known = Config().with_link(tmp_path, "a/b/c/outer").with_link(tmp_path / "deep/er", "a/b/c/inner")

    assert known.link(tmp_path / "x/y") == "a/b/c/outer"
    assert known.link(tmp_path / "deep/er/still") == "a/b/c/inner"
    assert known.linked_root(tmp_path / "deep/er/still") == tmp_path / "deep/er"
    assert known.link(tmp_path.parent) == ""


def test_the_file_is_readable_by_its_owner_alone_and_holds_everything(tmp_path: Path) -> None:
    path = tmp_path / "new/config.json"

    config.change(lambda known: known.with_server("http://a", "secret").with_link(tmp_path, "a/b/c/d"), path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert json.loads(path.read_text()) == {
        "servers": {"http://a": {"token": "secret"}},
        "default": "http://a",
        "links": {str(tmp_path): "a/b/c/d"},
    }
    assert config.load(path) == Config({"http://a": "secret"}, "http://a", {str(tmp_path): "a/b/c/d"})
    assert "secret" not in repr(config.load(path))


def test_changes_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "config.json"

    def add(number: int) -> None:
        config.change(lambda known: known.with_link(tmp_path / str(number), f"a/b/c/s{number}"), path)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(config.load(path).links) == 16


@pytest.mark.parametrize("content", ["{", "[]", '{"servers": {"http://a": {}}}', '{"servers": 7}'])
def test_a_file_that_makes_no_sense_is_an_error_that_names_it(tmp_path: Path, content: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(content)

    with pytest.raises(ClientError) as raised:
        config.load(path)

    assert str(path) in raised.value.message


def test_nothing_is_remembered_at_first(tmp_path: Path) -> None:
    assert config.load(tmp_path / "none.json") == Config()
