"""A shipway.toml that describes an environment: what it may say, and what someone with a mistake in it is told."""

import json
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipway.api import environment_file
from shipway.builders import manifest
from shipway.builders.detectors.tree import Tree
from shipway.cli.commands.docs import about
from shipway.client.errors import ClientError
from shipway.domain.description import described
from shipway.domain.desired import WantedEnvironment, blank, overlaid
from shipway.domain.errors import Invalid
from shipway.domain.toml_text import tables

_FREE = ("config", "processes", "volumes", "files", "secret_files", "devices")


def reference(name: str = "shipway.toml") -> str:
    return resources.files("shipway.reference").joinpath(name).read_text("utf-8")


def read(text: str, **files: str) -> WantedEnvironment:
    return environment_file.read(text, files, "shipway.toml")


def refused(text: str) -> Invalid:
    with pytest.raises(Invalid) as failure:
        read(text)
    return failure.value


def said(table: Any, place: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Places of all keys that a parsed file says, but for names that are anybody's choice."""
    for key, value in table.items():
        free = (place and place[-1] in _FREE) or place == ("services",)
        at = (*place, "x") if free else (*place, key)
        yield at
        if isinstance(value, dict):
            yield from said(value, at)


def known(place: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Places of all keys that the schema has."""
    last = place[-1] if place else ""
    if last in _FREE or place == ("services",):
        yield from known((*place, "x"))
        return
    for key in environment_file.keys_at(place):
        yield (*place, key)
        yield from known((*place, key))


def test_the_reference_is_a_file_that_can_be_applied() -> None:
    wanted = environment_file.read(reference(), {"deploy/site.conf": "server {}\n"}, "shipway.toml")

    assert wanted.config["REGION"].value == "eu"
    assert wanted.references == ("SENTRY_DSN", "DATABASE_URL", "TLS_KEY")
    assert wanted.services["api"].scale == {"web": 2, "scheduler": 1}
    assert wanted.services["api"].files["nginx/site.conf"] == "server {}\n"
    assert wanted.services["api"].references == ("DATABASE_URL", "TLS_KEY")


def test_the_reference_and_the_schema_have_the_same_keys() -> None:
    written = set(said(tomllib.loads(reference()), ()))
    # The other kinds of source are told in words: a service has one.
    elsewhere = {("services", "x", "source", "reference"), ("config", "x", "value"), ("config", "x", "secret")}
    elsewhere |= {("config", "x", "buildtime")}
    elsewhere |= {("services", "x", "source", part) for part in ("branch", "follow", "fail_push")}

    assert {place for place in known() if place not in elsewhere} - written == set()
    assert {place for place in written if place[-1] != "x"} - set(known()) == set()


def test_the_schema_that_is_printed_is_the_grammar() -> None:
    assert json.loads(reference("shipway.schema.json")) == json.loads(json.dumps(environment_file.schema()))


def test_docs_tell_about_one_key_or_a_table() -> None:
    assert about(reference(), "hosts").splitlines() == [
        "# Host names that lead here. Left out: one under the base domain. [] is none.",
        'hosts = ["api.example.com"]',
    ]
    assert "path = " in about(reference(), "health") and "[services.api.liveness]" not in about(reference(), "health")
    assert about(reference(), "health.success").endswith("success = [200, 204]\n")
    with pytest.raises(ClientError) as unknown:
        about(reference(), "helth")
    assert "health" in unknown.value.hint


def test_a_build_finds_nothing_in_the_file_of_an_environment(tmp_path: Path) -> None:
    (tmp_path / manifest.NAME).write_text(reference())

    found = manifest.read(Tree(tmp_path))

    assert not found.said
    assert [(each.where, "apply" in each.text) for each in found.evidence] == [("shipway.toml:26", True)]


@pytest.mark.parametrize(
    ("text", "told", "next_"),
    [
        ("[services.api]\nport = 99999", "shipway.toml:2: services.api.port:", "shipway docs port"),
        ('[services.api.health]\npaht = "/up"', "shipway.toml:2: services.api.health.paht: there is no", "mean path?"),
        ("[services.api]\nprot = 1", "shipway.toml:2: services.api.prot: there is no", "mean port?"),
        ('port = 1\n[services.api]\nsource = { kind = "upload" }', "shipway.toml:1: port", "[services.NAME] port"),
        (
            "[services.api.resources]\nmemory = 'lots'",
            "shipway.toml:2: services.api.resources.memory",
            "docs resources",
        ),
        (
            "[resources]\nmemory = '1k'\n[services.api]",
            "shipway.toml:2: resources.memory: is at least 6291456",
            "docs res",
        ),
        ("[resources]\npids = 5\n[services.api]", "shipway.toml:2: resources.pids: there is no", "memory, cpus"),
        ("[services.api.config]\nDEBUG = true", 'write it in quotes, "true"', "docs config"),
        ("[services.api.config]\nA = 'x'\nURL = 'postgres://u:hunter22@db/x'", "shipway.toml:3: ", "secrets set URL"),
        ("[services.api.config]\nPORT = '1'", "shipway.toml:2: services.api.config.PORT", "--port"),
        ("[services.api.config]\nA = { value = 'x', secret = 'A' }", "either value or secret", "docs config"),
        (
            "[config]\nA = { secret = 'A', buildtime = true }\n[services.api]",
            "shipway.toml:2: config.A: a secret",
            "Leave",
        ),
        ("[config]\nA = { secret = 'A@0' }\n[services.api]", "shipway.toml:2: config.A: 'A@0' names no", "A@3"),
        ("[services.Api]\nport = 1", "shipway.toml:1: services.Api", "lower-case"),
        ("[services.api]\nhosts = ['https://x.y/']", "'https://x.y/' is not a host name", "without a scheme"),
        (
            "[services.api.volumes.data]\npath = '/etc/config/x'",
            "shipway.toml:1: services.api: The volume data",
            "/data",
        ),
        ("[services.api.processes.worker]\ncommand = 'work'", "the command of worker", "Procfile"),
        ("[services.api.build]\npackages = ['ffmpeg']", "services.api.build.packages: there is no", "in the source"),
        ("[services.api.files]\n'../x' = 'y'", "'../x' can't be a config file", "app.toml"),
        ("[services.api.source]\nkind = 'svn'", "shipway.toml:1: services.api.source", "docs source"),
        ("[services.api.source]\nkind = 'git'", "services.api.source.url: is missing", "docs source"),
        ("[services.api]\nport = \nkeep_warm = 1", "shipway.toml:2: this is no TOML", "quotes"),
        ("[build]\nprovider = 'node'", "describes no service", "shipway docs"),
        ("[services.api.secret_files]\nkey = 'TLS@0'", "names no version of a secret", "TLS@3"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_to_do(text: str, told: str, next_: str) -> None:
    error = refused(text)

    assert told in error.message
    assert next_ in error.hint
    assert "hunter22" not in error.message + error.hint


def test_several_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    error = refused("[services.api]\nport = -1\n[services.api.health]\ntimeout = 'x'\nfoo = 1\n")

    assert [line.split(": ")[0] for line in error.message.splitlines()] == [
        "shipway.toml:2",
        "shipway.toml:4",
        "shipway.toml:5",
    ]


def test_a_service_is_described_in_keys_that_the_file_has() -> None:
    wanted = environment_file.read(reference(), {"deploy/site.conf": "x"}, "shipway.toml").services["api"]
    keys = described(overlaid(blank(wanted.source), wanted))
    places = {
        ("services", "x", *("x" if index and key[index - 1] in _FREE else part for index, part in enumerate(key)))
        for key in keys
    }

    assert places - set(known()) - {place for place in places if place[-2] in _FREE} == set()
    assert {place[2:4] for place in known() if len(place) > 3} - {place[2:4] for place in places} == {
        ("source", part)
        for part in ("kind", "url", "ref", "subdirectory", "reference", "branch", "follow", "fail_push")
    }


@given(st.dictionaries(st.text(max_size=8), st.text(st.characters(exclude_categories=["Cs"])) | st.floats(0, 1e9)))
def test_what_is_written_as_toml_is_read_as_it_was(values: dict[str, Any]) -> None:
    lines = tables({("table", name): value for name, value in values.items()})

    assert tomllib.loads("\n".join(lines)).get("table", {}) == values


def test_awkward_texts_are_written_as_toml_too() -> None:
    values = {"a.b": '\x7f"""\n\\n\t\r\n\x01', "c": ["x", True], "d": {"e f": 'say "hi"\n'}}

    assert tomllib.loads("\n".join(tables({("t", key): value for key, value in values.items()})))["t"] == values
