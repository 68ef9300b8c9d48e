"""Django: what its settings demand, and what a build gives them so that static files can be collected."""

from pathlib import Path

import pytest
from tests.support.detected import write_files
from tests.support.python_apps import detected

from shipway.builders.detectors.python_settings import read_settings
from shipway.builders.detectors.tree import Tree

MANAGE = "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings')\n"
WSGI = MANAGE
PROJECT = {"requirements.txt": "django\nwhitenoise\ngunicorn", "manage.py": MANAGE, "site1/wsgi.py": WSGI}


def stand_ins(tmp_path: Path, settings: str) -> dict[str, str]:
    """What the variables that these settings demand are given, by name."""
    (tmp_path / "settings.py").write_text(settings)
    return {variable.name: variable.stand_in for variable in read_settings(Tree(tmp_path), "settings", "").required()}


@pytest.mark.parametrize(
    ("settings", "given"),
    [
        ("SECRET_KEY = os.environ['SECRET_KEY']", {"SECRET_KEY": "only-for-collectstatic"}),
        ("from os import environ\nX = environ['API_TOKEN']", {"API_TOKEN": "only-for-collectstatic"}),
        ("X = int(os.environ['WORKERS'])", {"WORKERS": "1"}),
        ("X = os.environ.get('A')\nY = os.getenv('B', '1')", {}),
        ("os.environ['A'] = '1'", {}),
        ("X = env('DJANGO_KEY')\nY = env('B', default='1')", {"DJANGO_KEY": "only-for-collectstatic"}),
        ("Z = env.str('ADMIN')", {"ADMIN": "only-for-collectstatic"}),
        ("env = environ.Env(DEBUG=(bool, False))\nDEBUG = env('DEBUG')", {}),
        ("DATABASES = {'default': env.db()}", {"DATABASE_URL": "sqlite://:memory:"}),
        ("CACHES = {'default': env.cache()}", {"CACHE_URL": "locmemcache://"}),
        ("DEBUG = env.bool('DEBUG')\nX = env.json('FLAGS')", {"DEBUG": "0", "FLAGS": "{}"}),
        ("DEBUG = config('STRICT', cast=bool)\nX = config('DB_PORT', cast=int)", {"STRICT": "0", "DB_PORT": "1"}),
        ("X = config('A', default='x')\nY = config('B', cast=Csv())", {"B": "only-for-collectstatic"}),
        ("X = os.environ['REDIS_URL']", {"REDIS_URL": "redis://localhost:6379/0"}),
        ("X = env('SENTRY_DSN')", {"SENTRY_DSN": ""}),
        ("if 'SENTRY_DSN' in os.environ:\n    init(os.environ['SENTRY_DSN'])", {}),
        ("X = os.environ[name]\nY = env(f'{a}')", {}),
        ("def (", {}),
    ],
)  # fmt: skip
def test_settings_get_what_they_can_not_load_without_and_nothing_else(
    tmp_path: Path, settings: str, given: dict[str, str]
) -> None:
    assert stand_ins(tmp_path, settings) == given


def test_what_settings_import_everything_from_belongs_to_them(tmp_path: Path) -> None:
    files = {
        "conf/settings/__init__.py": "",
        "conf/settings/base.py": "from conf.paths import *\nA = os.environ['A']\n",
        "conf/settings/production.py": "from .base import *\nB = os.environ['B']\n",
        "conf/settings/local.py": "C = os.environ['C']\n",
        "conf/paths.py": "from .settings.production import *\nD = os.environ['D']\n",
    }
    write_files(tmp_path, files)
    settings = read_settings(Tree(tmp_path), "conf.settings.production", "")
    assert [variable.name for variable in settings.required()] == ["B", "A", "D"]


@pytest.mark.parametrize(
    ("settings", "warned"),
    [
        ("ALLOWED_HOSTS = []", True),
        ("DEBUG = False\nALLOWED_HOSTS = ['localhost', '127.0.0.1']", True),
        ("ALLOWED_HOSTS: list[str] = []", True),
        ("ALLOWED_HOSTS = []\nALLOWED_HOSTS += os.environ['HOSTS'].split(',')", False),
        ("ALLOWED_HOSTS = ['*']", False),
        ("ALLOWED_HOSTS = env.list('HOSTS')", False),
        ("ALLOWED_HOSTS = ['shop.example.com']", False),
        ("", False),
    ],
)
def test_hosts_that_let_in_nobody_are_warned_of(tmp_path: Path, settings: str, warned: bool) -> None:
    found = detected(tmp_path, {**PROJECT, "site1/settings.py": settings}).warnings
    assert any("ALLOWED_HOSTS" in warning.text for warning in found) == warned


def test_static_files_that_go_to_another_storage_are_not_collected_in_the_build(tmp_path: Path) -> None:
    storage = "STATICFILES_STORAGE = 'storages.backends.s3boto3.S3StaticStorage'\n"
    candidate = detected(tmp_path, {**PROJECT, "site1/settings.py": f"STATIC_ROOT = 'static'\n{storage}"})
    assert "collectstatic" not in str(candidate.stages)
    assert "collect them in the release command" in str(candidate.evidence)


def test_static_files_that_nothing_serves_are_warned_of(tmp_path: Path) -> None:
    files = {**PROJECT, "site1/settings.py": "STATIC_ROOT = 'static'\n"}
    assert "nothing serves them" not in str(detected(tmp_path, files).warnings)
    assert "nothing serves them" in str(detected(tmp_path, {**files, "requirements.txt": "django"}).warnings)


def test_the_settings_of_the_server_are_those_of_manage_py_too(tmp_path: Path) -> None:
    files = {
        **PROJECT,
        "site1/settings/production.py": "STATIC_ROOT = 'static'\n",
        "site1/wsgi.py": WSGI.replace("settings'", "settings.production'"),
    }
    candidate = detected(tmp_path, files)
    assert ("DJANGO_SETTINGS_MODULE", "site1.settings.production") in candidate.stages[-1].environment
    assert "DJANGO_SETTINGS_MODULE=site1.settings.production python manage.py collectstatic" in str(candidate.stages)


@pytest.mark.parametrize(
    ("requirements", "start"),
    [
        ("django\nchannels\ngunicorn", "uvicorn --host 0.0.0.0 --port $PORT site1.asgi:application"),
        ("django\nuvicorn\ngunicorn", "gunicorn --bind 0.0.0.0:$PORT --threads 8 site1.wsgi:application"),
        ("django\nuvicorn", "uvicorn --host 0.0.0.0 --port $PORT site1.asgi:application"),
    ],
)
def test_websockets_and_a_project_that_declares_only_an_asgi_server_get_one(
    tmp_path: Path, requirements: str, start: str
) -> None:
    assert detected(tmp_path, {**PROJECT, "requirements.txt": requirements, "site1/asgi.py": WSGI}).start == start


def test_geographic_fields_get_their_library(tmp_path: Path) -> None:
    settings = "INSTALLED_APPS = ['django.contrib.gis']\n"
    candidate = detected(tmp_path, {**PROJECT, "site1/settings.py": settings})
    assert [stage.packages for stage in candidate.stages] == [("gdal-bin",), ("gdal-bin",)]


@pytest.mark.parametrize(
    ("debug", "marked"),
    [
        ("DEBUG = 'RENDER' not in os.environ", True),
        ("DEBUG = 'RENDER' in os.environ", False),
        ("DEBUG = 'RENDER' not in HOSTS", False),
        ("X = 'RENDER' not in os.environ", False),
        ("DEBUG = os.environ.get('RENDER') is None", False),
    ],
)
def test_what_turns_debug_off_by_being_there_is_there_while_static_files_are_collected(
    tmp_path: Path, debug: str, marked: bool
) -> None:
    settings = f"{debug}\nif not DEBUG:\n    STATIC_ROOT = 'static'\n"
    candidate = detected(tmp_path, {**PROJECT, "site1/settings.py": settings})
    assert ("RENDER=only-for-collectstatic python manage.py collectstatic" in str(candidate.stages)) == marked
    assert any("DEBUG is on unless RENDER is set" in warning.text for warning in candidate.warnings) == marked
