"""app.json: what is taken from it, and what someone who comes with it is told."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipway.builders import app_json
from shipway.builders.declared import Document
from shipway.builders.detectors.tree import Tree


def read(directory: Path, content: Any, *configured: str) -> Document:
    """What an app.json with this content declares."""
    (directory / app_json.NAME).write_text(json.dumps(content, indent=2))
    return app_json.read(Tree(directory), configured)


def texts(document: Document) -> str:
    """All warnings, one a line."""
    return "\n".join(f"{warning.text} ({warning.where})" for warning in document.warnings)


def test_formation_says_how_many_and_in_its_older_form_also_what(tmp_path: Path) -> None:
    new = read(tmp_path, {"formation": {"web": {"quantity": 2}, "worker": {"quantity": 0}}})
    assert {key: said.value for key, said in new.said.items()} == {"scale.web": 2, "scale.worker": 0}
    assert new.said["scale.worker"].where == "app.json:6"
    old = read(tmp_path, {"formation": [{"process": "web", "quantity": 3, "command": "serve"}]})
    assert {key: said.value for key, said in old.said.items()} == {"scale.web": 3, "processes.web": "serve"}


@pytest.mark.parametrize("quantity", [-1, 51, "2", None, 1.5])
def test_a_quantity_that_can_not_be_is_none(tmp_path: Path, quantity: object) -> None:
    assert read(tmp_path, {"formation": {"web": {"quantity": quantity}}}).said == {}


@pytest.mark.parametrize(
    "command", ["python manage.py migrate", "bundle exec rake db:migrate", "npm run migrate", "alembic upgrade head"]
)
def test_a_postdeploy_that_only_migrates_is_the_release_command(tmp_path: Path, command: str) -> None:
    found = read(tmp_path, {"scripts": {"postdeploy": command}})
    assert found.said["release"].value == command
    assert found.warnings == ()


@pytest.mark.parametrize(
    "command", ["rake db:migrate db:seed", "python manage.py loaddata x", "./setup.sh", "npm run seed"]
)
def test_a_postdeploy_that_may_do_harm_twice_is_not_run_and_said_so(tmp_path: Path, command: str) -> None:
    found = read(tmp_path, {"scripts": {"postdeploy": command}})
    assert "release" not in found.said
    assert f"`{command}` is not run" in texts(found)


def test_a_release_script_goes_before_predeploy_and_that_before_postdeploy(tmp_path: Path) -> None:
    scripts = {"release": "a", "dokku": {"predeploy": "b"}, "postdeploy": "npm run migrate"}
    assert read(tmp_path, {"scripts": scripts}).said["release"].value == "a"
    del scripts["release"]
    assert read(tmp_path, {"scripts": scripts}).said["release"].value == "b"


def test_the_startup_check_of_web_is_the_health_check(tmp_path: Path) -> None:
    checks = [{"type": "liveness", "path": "/alive"}, {"type": "startup", "path": "/up", "port": 3000}]
    found = read(tmp_path, {"healthchecks": {"web": checks, "worker": [{"path": "/no"}]}})
    assert {key: said.value for key, said in found.said.items()} == {"health.path": "/up", "health.port": 3000}


@pytest.mark.parametrize(
    ("command", "read_as"),
    [(["sh", "-c", "check | grep $A"], "sh -c 'check | grep $A'"), ("check --all", "check --all")],
)
def test_a_check_may_be_a_command(tmp_path: Path, command: object, read_as: str) -> None:
    checks = [{"type": "liveness", "path": "/alive"}, {"type": "startup", "command": command}]
    found = read(tmp_path, {"healthchecks": {"web": checks}})
    assert {key: said.value for key, said in found.said.items()} == {
        "health.type": "command",
        "health.command": read_as,
    }


@pytest.mark.parametrize("command", [[], [1], {}, "check 'it", None])
def test_what_is_no_command_is_no_check(tmp_path: Path, command: object) -> None:
    assert read(tmp_path, {"healthchecks": {"web": [{"type": "startup", "command": command}]}}).said == {}


def test_config_vars_are_told_and_those_that_are_missing_warned_about(tmp_path: Path) -> None:
    env = {
        "PLAIN": "yes",
        "KEY": {"generator": "secret"},
        "URL": {"required": True},
        "DSN": {"required": False},
        "DB_PASSWORD": {"value": "hunter22"},
    }
    found = read(tmp_path, {"env": env})
    assert [finding.text for finding in found.evidence] == [
        "expects the config var PLAIN, not set; suggested value 'yes'",
        "may have the config var DSN, not set",
        "expects the config var DB_PASSWORD, not set; suggested value",
    ]
    assert "The config var KEY is required and has no value. Set it: `shipway config set KEY=$(openssl" in texts(found)
    assert "The config var URL is required" in texts(found)
    assert "DB_PASSWORD looks like a secret" in texts(found)
    assert "hunter22" not in repr(found)


def test_a_config_var_that_is_set_is_not_missing(tmp_path: Path) -> None:
    found = read(tmp_path, {"env": {"URL": {"required": True}}}, "URL")
    assert (found.warnings, found.evidence[0].text) == ((), "expects the config var URL, set")


@pytest.mark.parametrize(
    ("buildpacks", "provider"),
    [
        ([{"url": "heroku/nodejs"}, {"url": "heroku/python"}], "python"),
        ([{"url": "https://example.com/heroku-buildpack-ruby.git"}], "ruby"),
        (["heroku/go"], "go"),
        ([{"url": "https://example.com/heroku-buildpack-apt"}], ""),
        ("heroku/go", ""),
    ],
)
def test_the_last_buildpack_names_the_provider(tmp_path: Path, buildpacks: object, provider: str) -> None:
    assert read(tmp_path, {"buildpacks": buildpacks}).provider_hint == provider


def test_what_is_not_done_is_said(tmp_path: Path) -> None:
    found = read(
        tmp_path, {"cron": [{"command": "tidy", "schedule": "@daily"}], "addons": ["heroku-redis", {"plan": "x:y"}]}
    )
    assert "Nothing runs on a schedule yet: `tidy` at @daily" in texts(found)
    assert "Not provided: heroku-redis, x:y" in texts(found)


def test_an_app_json_of_another_tool_says_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, {"expo": {"name": "app", "version": "1.0.0"}}) == Document()


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
_keys = ("formation", "scripts", "healthchecks", "env", "cron", "addons", "buildpacks")


@given(st.dictionaries(st.sampled_from(_keys), _values))
def test_any_content_is_read(content: dict[str, object]) -> None:
    class Written(Tree):
        def text(self, path: str) -> str:
            return json.dumps(content)

    app_json.read(Written(Path("/nonexistent")))
