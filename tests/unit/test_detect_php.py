"""PHP apps: document roots, versions and extensions, beyond what the samples show."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.support.detected import candidate
from tests.support.detected import script as commands

from shipway.builders.bases import World, choose, official_reference
from shipway.builders.detectors.detector import Candidate, Copy, Run
from shipway.builders.detectors.php import detect
from shipway.builders.detectors.tree import Tree
from shipway.builders.ignore import Dockerignore
from shipway.domain.errors import AnalysisFailed

PAGE = {"index.php": "<?php echo 1;"}
LARAVEL = {"require": {"php": "^8.2", "laravel/framework": "^12"}}
SYMFONY = {"require": {"symfony/framework-bundle": "^7"}}

detected = partial(candidate, detect)


def extensions(candidate: Candidate) -> list[str]:
    """What is asked for besides the code cache."""
    line = next(line for line in commands(candidate).splitlines() if line.startswith("install-php-extensions opcache"))
    return line.split()[2:]


@pytest.mark.parametrize(
    ("files", "root", "front"),
    [
        (PAGE, "/app", False),
        ({"public/index.php": ""}, "/app/public", False),
        ({"public/index.php": "", "index.php": "", "composer.json": {}}, "/app/public", True),
        ({"web/index.php": "", "composer.json": {"require": {"yiisoft/yii2": "*"}}}, "/app/web", True),
        ({"webroot/index.php": "", "composer.json": {}}, "/app/webroot", True),
        ({**PAGE, "composer.json": {}}, "/app", False),
        ({**PAGE, "wp-includes/version.php": ""}, "/app", True),
        ({**PAGE, "wp-includes/version.php": "", ".htaccess": ""}, "/app", False),
        ({"public/index.php": "", "public/.htaccess": "", "composer.json": LARAVEL}, "/app/public", False),
        ({"composer.json": {"require": {"drupal/core": "^11"}}}, "/app/web", True),
        ({"index.html": "", "contact.php": ""}, "/app", False),
    ],
)
def test_the_document_root_is_where_index_php_is_and_frameworks_get_every_path(
    tmp_path: Path, files: dict[str, Any], root: str, front: bool
) -> None:
    done = commands(detected(tmp_path, files))
    assert f"'DocumentRoot {root}'" in done
    assert ("FallbackResource /index.php" in done) == front


def test_what_lies_at_the_top_of_an_app_is_private_where_that_is_its_document_root(tmp_path: Path) -> None:
    assert "RedirectMatch 404 ^/(?:vendor/" in commands(detected(tmp_path, {**PAGE, "composer.json": {}}))
    assert "RedirectMatch 404 ^/" not in commands(detected(tmp_path, {"public/index.php": ""}))


@pytest.mark.parametrize(
    ("files", "version", "where"),
    [
        ({".php-version": "8.3\r\n"}, "8.3", ".php-version"),
        ({".tool-versions": "php 8.2.7"}, "8.2.7", ".tool-versions:1"),
        ({"composer.json": {"require": {"php": "^8.1"}}}, "8.4", "composer.json:1"),
        ({"composer.json": {"require": {"php": "~8.2"}}}, "8.4", "composer.json:1"),
        ({"composer.json": {"require": {"php": "~8.2.0"}}}, "8.2", "composer.json:1"),
        ({"composer.json": {"require": {"php": "8.1.*|8.2.*"}}}, "8.2", "composer.json:1"),
        ({"composer.json": {"require": {"php": ">=8.0 <8.4"}}}, "8.3", "composer.json:1"),
        (
            {"composer.json": {"require": {"php": "^8.1"}, "config": {"platform": {"php": "8.1.27"}}}},
            "8.1.27",
            "composer.json:1",
        ),
        ({}, "8.4", ""),
    ],
)
def test_the_version_is_the_one_that_the_project_pins(
    tmp_path: Path, files: dict[str, Any], version: str, where: str
) -> None:
    candidate = detected(tmp_path, PAGE | files)
    assert {stage.version for stage in candidate.stages} == {version}
    assert candidate.evidence[0].where == where


def test_extensions_are_those_that_the_project_and_its_packages_ask_for(tmp_path: Path) -> None:
    package = {"name": "acme/pdf", "require": {"php": ">=8", "ext-gd": "*", "ext-dom": "*"}}
    development = {"name": "acme/debug", "require": {"ext-xdebug": "*"}}
    files = {
        **PAGE,
        "composer.json": {"require": {"ext-Intl": "*", "ext-json": "*"}, "require-dev": {"ext-pcov": "*"}},
        "composer.lock": {"packages": [package], "packages-dev": [development]},
    }
    assert extensions(detected(tmp_path, files)) == ["gd", "intl"]


def test_plain_pages_get_the_extensions_that_they_call(tmp_path: Path) -> None:
    files = {
        **PAGE,
        "inc/database.php": "<?php\n$d = new PDO('pgsql:host=x');\n",
        "inc/picture.php": "<?php $p = imagecreatefrompng('x.png');",
        "vendor/other.php": "<?php new SoapClient('x');",
    }
    candidate = detected(tmp_path, files)
    assert extensions(candidate) == ["gd", "pdo_pgsql"]
    assert next(f.where for f in candidate.evidence if f.text == "extension pdo_pgsql") == "inc/database.php:2"


def test_wordpress_gets_the_extensions_of_its_own_image(tmp_path: Path) -> None:
    files = {**PAGE, "wp-config-sample.php": "", "wp-includes/version.php": "<?php"}
    assert extensions(detected(tmp_path, files)) == ["bcmath", "exif", "gd", "intl", "mysqli", "zip"]


def test_packages_are_installed_before_the_source_and_scripts_run_when_it_is_there(tmp_path: Path) -> None:
    files = {"public/index.php": "", "composer.json": LARAVEL, "composer.lock": {"packages": []}}
    build = next(stage for stage in detected(tmp_path, files).stages if stage.name == "build")
    steps = [step for step in build.steps if not (isinstance(step, Run) and "@composer" in step.commands[0])]
    assert steps[0] == Copy(("composer.json", "composer.lock"))
    assert isinstance(steps[1], Run)
    assert "--no-scripts --no-autoloader" in steps[1].commands[0]
    assert steps[2] == Copy((".",))
    assert isinstance(steps[3], Run)
    assert "--no-scripts" not in steps[3].commands[-1]


def test_packages_in_the_source_are_installed_after_it_is_there(tmp_path: Path) -> None:
    manifest = {"repositories": [{"type": "path", "url": "packages/*"}]}
    candidate = detected(tmp_path, {"public/index.php": "", "composer.json": manifest, "composer.lock": "{}"})
    assert commands(candidate).count("composer install") == 1


def test_composer_and_what_it_needs_stay_out_of_the_image_that_runs(tmp_path: Path) -> None:
    *_, final = detected(tmp_path, {"public/index.php": "", "composer.json": LARAVEL}).stages
    assert (final.on, final.packages) == ("server", ())
    assert not any(isinstance(step, Run) for step in final.steps)


def test_a_library_is_built_but_nothing_says_how_it_is_started(tmp_path: Path) -> None:
    candidate = detected(tmp_path, {"composer.json": {"name": "acme/lib"}, "src/Lib.php": "<?php"})
    assert (candidate.start, candidate.certain) == ("", False)


def test_symfony_is_told_when_its_env_file_stays_behind(tmp_path: Path) -> None:
    lock = {"packages": [{"name": "acme/clock"}]}
    files = {"public/index.php": "", "composer.json": SYMFONY, "composer.lock": lock, ".env": "APP_ENV=dev"}
    assert detected(tmp_path, files).warnings == ()
    left_out = detect(Tree(tmp_path, Dockerignore("", "**/.env\n")))
    assert left_out
    assert [warning.where for warning in left_out.warnings] == [".env"]


def test_a_manifest_that_is_no_json_is_refused_with_the_place(tmp_path: Path) -> None:
    with pytest.raises(AnalysisFailed, match=r"composer\.json"):
        detected(tmp_path, {**PAGE, "composer.json": "{,}"})


def test_the_tool_for_extensions_comes_with_our_own_base_and_from_its_image_otherwise() -> None:
    world = World(suites=frozenset({"bookworm", "trixie"}))
    assert choose("airgapped", world, "php-extensions", "8.2") == choose("airgapped", world, "php", "8.2")
    assert choose("airgapped", world, "php", "8.2") == "shipway-base/php:8.2"
    assert official_reference("php-extensions", "8.2") == official_reference("php-extensions", "8.4")


def test_assets_are_kept_wherever_the_build_script_puts_them(tmp_path: Path) -> None:
    package = {"scripts": {"build": "tailwindcss -o public/css/app.css"}}
    files = {"composer.json": {"require": {"slim/slim": "4"}}, "public/index.php": "", "package.json": package}
    candidate = detected(tmp_path, files)
    assert candidate.stages[-1].steps == (Copy(("/app/",), stage="assets"),)
    assert "npm run build\nrm -rf node_modules" in commands(candidate)
    assert any(found.text == f"assets built by Node.js: {package['scripts']['build']}" for found in candidate.evidence)


def test_pages_without_composer_are_not_said_to_have_built_assets(tmp_path: Path) -> None:
    candidate = detected(tmp_path, {**PAGE, "package.json": {"scripts": {"build": "vite build"}}})
    assert not any("assets" in found.text for found in candidate.evidence)
