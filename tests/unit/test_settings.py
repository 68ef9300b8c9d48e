"""Settings: the environment over the file over the defaults, and every mistake named."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from shipway.domain.errors import Invalid
from shipway.settings import Settings


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('proxy_port = 8081\nbase_domain = "apps.example.com"\n')
    settings = Settings.load(tmp_path, {"SHIPWAY_PROXY_PORT": "8082"})
    assert (settings.proxy_port, settings.base_domain, settings.listen_port) == (8082, "apps.example.com", 7700)


def test_a_number_that_is_none_names_its_place(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="SHIPWAY_PROXY_PORT"):
        Settings.load(tmp_path, {"SHIPWAY_PROXY_PORT": "http"})


def test_a_setting_that_does_not_exist_is_told(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("prox_port = 1\n")
    with pytest.raises(Invalid, match="prox_port"):
        Settings.load(tmp_path, {})


def test_a_broken_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("= =")
    with pytest.raises(Invalid, match="settings.toml"):
        Settings.load(tmp_path, {})


def test_app_urls_leave_the_default_port_away(tmp_path: Path) -> None:
    assert Settings(tmp_path, proxy_port=80).app_url("a.b") == "http://a.b"
    assert Settings(tmp_path, proxy_port=8080).app_url("a.b") == "http://a.b:8080"


def test_a_concurrency_that_lets_nothing_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="concurrency"):
        Settings.load(tmp_path, {"SHIPWAY_CONCURRENCY": "0"})


@pytest.mark.parametrize("name", ["", "Acme", "a/b", "-a", "a" * 41])
def test_an_installation_is_named_as_containers_and_sockets_can_be(tmp_path: Path, name: str) -> None:
    with pytest.raises(Invalid, match="installation"):
        Settings.load(tmp_path, {"SHIPWAY_INSTALLATION": name})


def test_a_proxy_is_told_to_builds_in_both_spellings(tmp_path: Path) -> None:
    settings = Settings.load(
        tmp_path, {"SHIPWAY_BUILD_HTTPS_PROXY": "http://u:p@proxy:3128", "SHIPWAY_BUILD_NO_PROXY": "a"}
    )
    assert settings.build_proxies == {
        "HTTPS_PROXY": "http://u:p@proxy:3128",
        "https_proxy": "http://u:p@proxy:3128",
        "NO_PROXY": "a",
        "no_proxy": "a",
    }
    assert Settings(tmp_path, build_no_proxy="a").build_proxies == {}


def test_a_proxy_is_neither_shown_nor_told_when_it_is_wrong(tmp_path: Path) -> None:
    assert "s3cret" not in repr(Settings(tmp_path, build_http_proxy="http://u:s3cret@proxy:3128"))
    with pytest.raises(Invalid, match="build_http_proxy") as error:
        Settings.load(tmp_path, {"SHIPWAY_BUILD_HTTP_PROXY": "u:s3cret@proxy:3128"})
    assert "s3cret" not in f"{error.value.message}{error.value.hint}"


def test_the_table_of_settings_names_each_of_them() -> None:
    table = (Path(__file__).parents[2] / "docs/reference/settings.md").read_text()
    named = {name for line in re.findall(r"(?m)^\| (`.*?) \|", table) for name in re.findall(r"`(\w+)`", line)}
    assert named == {setting.name for setting in fields(Settings)} - {"home"}
