"""Which base image a runtime and a version lead to, and where this machine would get packages from."""

from pathlib import Path

import pytest

from shipway.builders.apt_sources import Mirror, host_mirror, suites_with_keys
from shipway.builders.base_recipes import RECIPES, Recipe
from shipway.builders.bases import Bases, World, choose, nearest, official_reference
from shipway.domain.errors import Invalid, Unavailable

OFFLINE = World(suites=frozenset({"bookworm", "trixie"}))
ONLINE = World(official=True, suites=OFFLINE.suites)


@pytest.mark.parametrize(
    ("runtime", "version", "reference"),
    [
        ("python", "3.12", "python:3.12-slim"),
        ("python", "", "python:3.13-slim"),
        ("node", "22", "node:22-slim"),
        ("static", "", "nginxinc/nginx-unprivileged:stable"),
        ("plain", "", "debian:stable-slim"),
        ("go", "1.23", "golang:1.23"),
        ("rust", "1.80.1", "rust:1.80.1-slim"),
        ("rust", "", "rust:1-slim"),
        ("java", "17", "maven:3-eclipse-temurin-17"),
        ("jre", "17", "eclipse-temurin:17-jre"),
        ("gradle", "", "gradle:jdk21"),
        ("dotnet", "8.0", "mcr.microsoft.com/dotnet/sdk:8.0"),
        ("aspnet", "8.0", "mcr.microsoft.com/dotnet/aspnet:8.0"),
    ],
)
def test_an_official_image_is_named_by_its_version(runtime: str, version: str, reference: str) -> None:
    assert official_reference(runtime, version) == reference


@pytest.mark.parametrize(
    ("runtime", "wished", "made"),
    [
        ("python", "3.11.9", "3.11"),
        ("python", "3.13", "3.13"),
        ("python", "3", "3.13"),
        ("python", "", "3.13"),
        ("python", "3.12", "3.13"),
        ("python", "3.9", "3.11"),
        ("python", "3.14", "3.13"),
        ("node", "18.20.1", "18"),
        ("node", "19", "20"),
        ("node", "22", "20"),
        ("static", "stable", "1.26"),
        ("plain", "", "13"),
        ("go", "1.22.5", "1.24"),
        ("go", "1", "1.24"),
        ("rust", "1.90", "1.85"),
        ("java", "8", "17"),
        ("java", "19", "21"),
        ("java", "25", "25"),
        ("jre", "17", "17"),
    ],
)
def test_our_own_base_is_the_wished_line_or_the_next_newer_or_the_newest(runtime: str, wished: str, made: str) -> None:
    assert nearest(runtime, wished, RECIPES).version == made


def test_what_a_suite_does_not_offer_is_not_chosen() -> None:
    assert choose("airgapped", World(suites=frozenset({"bookworm"})), "python", "3.13") == "shipway-base/python:3.11"


def test_without_any_suite_there_is_no_base_and_the_error_says_what_is_missing() -> None:
    with pytest.raises(Unavailable, match="package sources") as error:
        choose("airgapped", World(), "python", "3.13")
    assert "keyring" in error.value.hint


@pytest.mark.parametrize(
    ("runtime", "advice"), [("gradle", "wrapper"), ("dotnet", "docker load"), ("aspnet", "docker load")]
)
def test_what_debian_has_no_package_of_needs_the_public_registry_and_the_error_says_so(
    runtime: str, advice: str
) -> None:
    with pytest.raises(Unavailable, match="Debian") as error:
        choose("auto", OFFLINE, runtime, "8.0")
    assert advice in error.value.hint
    there = World(local=frozenset({official_reference(runtime, "8.0")}), suites=OFFLINE.suites)
    assert choose("auto", there, runtime, "8.0") == official_reference(runtime, "8.0")


def test_auto_takes_the_official_image_when_its_registry_answers() -> None:
    assert choose("auto", ONLINE, "python", "3.12") == "python:3.12-slim"
    assert choose("auto", OFFLINE, "python", "3.12") == "shipway-base/python:3.13"


def test_auto_takes_an_official_image_that_is_on_the_machine_already() -> None:
    there = World(local=frozenset({"node:22-slim"}), suites=OFFLINE.suites)
    assert choose("auto", there, "node", "22") == "node:22-slim"
    assert choose("auto", there, "node", "20") == "shipway-base/node:20"


def test_the_other_modes_insist() -> None:
    assert choose("airgapped", ONLINE, "node", "20") == "shipway-base/node:20"
    assert choose("official", OFFLINE, "node", "20") == "node:20-slim"


def test_an_unknown_runtime_or_mode_is_refused_with_the_choices() -> None:
    with pytest.raises(Invalid, match="cobol") as error:
        choose("auto", ONLINE, "cobol", "")
    assert "python" in error.value.hint
    with pytest.raises(Invalid) as error:
        Bases("sometimes")
    assert "airgapped" in error.value.hint


def test_any_change_of_a_recipe_changes_its_fingerprint() -> None:
    recipe = Recipe("python", "3.13", "trixie", ("python3",))
    assert recipe.fingerprint == Recipe("python", "3.13", "trixie", ("python3",)).fingerprint
    assert recipe.fingerprint != Recipe("python", "3.13", "trixie", ("python3", "git")).fingerprint


def test_the_mirror_is_read_from_apt_s_deb822_sources(tmp_path: Path) -> None:
    sources = tmp_path / "sources.list.d"
    sources.mkdir()
    (sources / "debian.sources").write_text(
        "Types: deb\n# a comment\nURIs: http://mirror.example.com/debian/\nSuites: bookworm bookworm-updates\n"
        "Components: main\n\nTypes: deb\nURIs: http://mirror.example.com/security\nSuites: bookworm-security\n\n"
        "Types: deb-src\nURIs: http://sources.example.com/debian\nSuites: bookworm\n\n"
        "Enabled: no\nTypes: deb\nURIs: http://off.example.com/debian\nSuites: bookworm\n"
    )
    main = "http://mirror.example.com/debian"
    assert host_mirror(tmp_path) == Mirror(main, main, "http://mirror.example.com/security")


def test_the_mirror_is_read_from_apt_s_one_line_sources(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text(
        "# deb http://old.example.com/debian bookworm main\n"
        "deb [signed-by=/usr/share/keyrings/x.gpg] https://mirror.example.com/debian bookworm main contrib\n"
    )
    assert host_mirror(tmp_path) == Mirror("https://mirror.example.com/debian")


def test_sources_of_other_distributions_and_ones_with_a_password_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text(
        "deb http://archive.example.com/ubuntu noble main\ndeb https://me:secret@mirror.example.com/debian trixie main\n"
    )
    assert host_mirror(tmp_path) is None


def test_a_suite_gets_only_the_pockets_this_machine_uses() -> None:
    mirror = Mirror("http://m/debian", security="http://m/security")
    assert mirror.lines("trixie") == ("deb http://m/debian trixie main", "deb http://m/security trixie-security main")


def test_suites_are_known_by_the_keys_this_machine_has(tmp_path: Path) -> None:
    for name in (
        "debian-archive-keyring.gpg",
        "debian-archive-trixie-stable.gpg",
        "debian-archive-bookworm-automatic.pgp",
    ):
        (tmp_path / name).touch()
    assert suites_with_keys(tmp_path) >= {"trixie", "bookworm"}
    assert "bullseye" not in suites_with_keys(tmp_path)
