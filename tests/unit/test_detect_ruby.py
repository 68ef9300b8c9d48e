"""Ruby apps: their versions, gems, servers and system packages, beyond what the samples show."""

from functools import partial
from pathlib import Path

import pytest
from tests.support.detected import candidate, commands

from shipway.builders.detectors.detector import Copy
from shipway.builders.detectors.ruby import detect

RACK = {"config.ru": "run App"}
#: Keeps the directory of gems where none was installed.
KEPT = "mkdir -p /opt/gems/.bundle"
RAILS = {**RACK, "config/application.rb": "", "db/migrate/1_books.rb": ""}

detected = partial(candidate, detect)


def lock(*gems: str, platforms: str = "ruby", before: str = "", after: str = "") -> str:
    """A lock file with these gems."""
    specs = "".join(f"    {gem} (1.0.0)\n" for gem in gems)
    return f"{before}GEM\n  specs:\n{specs}\nPLATFORMS\n  {platforms}\n\nDEPENDENCIES\n  {gems[0]}\n{after}"


@pytest.mark.parametrize(
    ("gems", "start"),
    [
        ("puma", "bundle exec puma --bind tcp://0.0.0.0:$PORT"),
        ("puma webrick", "bundle exec puma --bind tcp://0.0.0.0:$PORT"),
        ("falcon", "bundle exec falcon serve --bind http://0.0.0.0:$PORT"),
        ("unicorn", "bundle exec unicorn --listen 0.0.0.0:$PORT"),
        ("thin", "bundle exec thin start --address 0.0.0.0 --port $PORT"),
        ("webrick rackup", "bundle exec rackup --server webrick --host 0.0.0.0 --port $PORT"),
    ],
)
def test_the_server_among_the_gems_serves_the_app(tmp_path: Path, gems: str, start: str) -> None:
    files = {**RACK, "Gemfile": "", "Gemfile.lock": lock(*gems.split())}
    assert detected(tmp_path, files).start == start


def test_unicorn_is_told_to_finish_what_it_is_answering(tmp_path: Path) -> None:
    files = {**RACK, "Gemfile": "gem 'unicorn'", "config/unicorn.rb": "worker_processes 2"}
    candidate = detected(tmp_path, files)
    assert candidate.start.endswith("--listen 0.0.0.0:$PORT --config-file config/unicorn.rb")
    assert candidate.stop_signal == "SIGQUIT"


def test_without_a_server_puma_is_added_and_that_is_said(tmp_path: Path) -> None:
    candidate = detected(tmp_path, {**RACK, "Gemfile": "gem 'rack'", "Gemfile.lock": lock("rack")})
    assert candidate.start == "puma --bind tcp://0.0.0.0:$PORT"
    assert commands(candidate) == ["bundle install", "gem install --no-document --conservative puma", KEPT]
    assert [finding.where for finding in candidate.warnings] == ["Gemfile.lock"]


@pytest.mark.parametrize(
    ("files", "version", "where"),
    [
        ({".ruby-version": "ruby-3.2.2\r\n"}, "3.2.2", ".ruby-version"),
        ({"Gemfile": "source 'x'\nruby '3.3.6'\n"}, "3.3.6", "Gemfile:2"),
        ({"Gemfile": 'ruby "~> 3.3.0"'}, "3.3", "Gemfile:1"),
        ({"Gemfile": 'ruby "~> 3.1"'}, "3.4", "Gemfile:1"),
        ({"Gemfile": "ruby '>= 3.0', '< 3.3'"}, "3.2", "Gemfile:1"),
        ({"Gemfile": "ruby '~> 3.2'", "Gemfile.lock": lock("rack", after="\nRUBY VERSION\n   ruby 3.2.4p170\n")},
         "3.2.4", "Gemfile.lock:12"),
        ({".tool-versions": "nodejs 20.1.0\nruby 3.1.4\n"}, "3.1.4", ".tool-versions:2"),
        ({}, "3.4", ""),
    ],
)  # fmt: skip
def test_the_version_is_the_one_that_the_project_pins(
    tmp_path: Path, files: dict[str, str], version: str, where: str
) -> None:
    candidate = detected(tmp_path, RACK | files)
    assert {stage.version for stage in candidate.stages} == {version}
    assert candidate.evidence[0].where == where


def test_native_gems_get_what_they_are_compiled_with_and_only_what_they_run_with_stays(tmp_path: Path) -> None:
    files = {**RACK, "Gemfile": "", "Gemfile.lock": lock("puma", "pg", "rugged")}
    build, final = detected(tmp_path, files).stages
    assert {"build-essential", "libpq-dev", "cmake"} <= set(build.packages)
    assert final.packages == ("libpq5",)


@pytest.mark.parametrize(("gems", "needed"), [("execjs", True), ("execjs mini_racer", False), ("rack", False)])
def test_execjs_gets_node_unless_a_gem_brings_a_runtime(tmp_path: Path, gems: str, needed: bool) -> None:
    candidate = detected(tmp_path, {**RACK, "Gemfile": "", "Gemfile.lock": lock(*gems.split())})
    assert [("nodejs" in stage.packages) for stage in candidate.stages] == [needed, needed]


def test_gems_in_the_source_are_installed_after_it_is_there(tmp_path: Path) -> None:
    text = lock("puma", before="PATH\n  remote: engines/shop\n  specs:\n    shop (0.1.0)\n\n")
    build = detected(tmp_path, {**RACK, "Gemfile": "gem 'shop', path: 'engines/shop'", "Gemfile.lock": text}).stages[0]
    assert build.steps[0] == Copy((".",))


def test_gems_in_vendor_cache_are_used_and_left_out_of_the_image(tmp_path: Path) -> None:
    files = {**RACK, "Gemfile": "", "Gemfile.lock": lock("puma"), "vendor/cache/puma-1.0.0.gem": ""}
    candidate = detected(tmp_path, files)
    assert Copy(("vendor/cache",), "./vendor/cache") in candidate.stages[0].steps
    assert commands(candidate) == ["{ bundle install --local || bundle install; }", KEPT, "rm -rf vendor/cache"]


def test_a_lock_file_made_for_other_platforms_is_completed_with_a_warning(tmp_path: Path) -> None:
    files = {**RACK, "Gemfile": "", "Gemfile.lock": lock("puma", platforms="arm64-darwin-23")}
    candidate = detected(tmp_path, files)
    assert commands(candidate)[0] == 'BUNDLE_FROZEN=false bundle lock --add-platform "$(uname -m)-linux"'
    assert ["knows no Linux platform" in finding.text for finding in candidate.warnings] == [True]


def test_rails_builds_its_assets_without_secrets_or_a_database(tmp_path: Path) -> None:
    files = {**RAILS, "Gemfile": "", "Gemfile.lock": lock("rails", "puma", "propshaft", "mysql2")}
    build = next(command for command in commands(detected(tmp_path, files)) if "assets:precompile" in command)
    assert "SECRET_KEY_BASE_DUMMY=1 " in build
    assert "DATABASE_URL=mysql2://127.0.0.1/unused bundle exec rake assets:precompile" in build


def test_rails_with_a_bundler_for_scripts_gets_node_in_the_build_only(tmp_path: Path) -> None:
    files = {
        **RAILS,
        "Gemfile": "",
        "Gemfile.lock": lock("rails", "puma", "sprockets-rails", "jsbundling-rails"),
        "package.json": '{"scripts": {"build": "esbuild"}}',
        "yarn.lock": "",
    }
    candidate = detected(tmp_path, files)
    assert [("nodejs" in stage.packages) for stage in candidate.stages] == [True, False]
    done = commands(candidate)
    assert done.index("rm -rf node_modules") > next(i for i, command in enumerate(done) if "precompile" in command)


def test_rails_without_migrations_is_not_told_to_run_them(tmp_path: Path) -> None:
    files = {**RACK, "config/application.rb": "", "Gemfile": "gem 'rails'\ngem 'puma'"}
    assert detected(tmp_path, files).without_release == ()
    assert detected(tmp_path, {"db/migrate/1_books.rb": ""}).without_release != ()


def test_a_gemfile_of_tools_in_another_kind_of_project_is_not_certain(tmp_path: Path) -> None:
    candidate = detected(tmp_path, {"Gemfile": "gem 'fastlane'"})
    assert (candidate.start, candidate.certain) == ("", False)


def test_classic_sinatra_serves_itself(tmp_path: Path) -> None:
    files = {"Gemfile": "gem 'sinatra'\ngem 'puma'", "app.rb": "require 'sinatra'\nget('/') { 'Hi' }\n"}
    candidate = detected(tmp_path, files)
    assert (candidate.start, candidate.certain) == ("bundle exec ruby app.rb", True)


def test_a_script_that_serves_nothing_may_be_a_worker(tmp_path: Path) -> None:
    candidate = detected(tmp_path, {"main.rb": "loop { work }\n"})
    assert (candidate.start, candidate.serves, candidate.certain) == ("ruby main.rb", False, False)
