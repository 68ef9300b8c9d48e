"""Python apps: how they are started, installed and which system packages they get, beyond what the samples show."""

from pathlib import Path

import pytest
from tests.support.python_apps import FASTAPI, FLASK, detected

from shipway.builders.detectors.python import detect
from shipway.builders.detectors.tree import Tree

MANAGE = "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'config.settings.local')\n"


@pytest.mark.parametrize(
    ("files", "start"),
    [
        ({"requirements.txt": "Flask", "server.py": FLASK}, "gunicorn --bind 0.0.0.0:$PORT --threads 8 server:app"),
        (
            {
                "requirements.txt": "flask\nwaitress",
                "shop/__init__.py": "def create_app():\n    return Flask(__name__)\n",
            },
            "waitress-serve --listen=0.0.0.0:$PORT --call shop:create_app",
        ),
        (
            {
                "requirements.txt": "flask\ngunicorn",
                "wsgi.py": "from shop import create_app\napp = create_app()\n",
                "shop/__init__.py": "def create_app():\n    return Flask(__name__)\n",
            },
            "gunicorn --bind 0.0.0.0:$PORT --threads 8 wsgi:app",
        ),
        (
            {"requirements.txt": "fastapi", "api/main.py": "def create_app():\n    return FastAPI()\n"},
            "uvicorn --host 0.0.0.0 --port $PORT --factory api.main:create_app",
        ),
        (
            {"requirements.txt": "fastapi", "main.py": FASTAPI, "tests/main.py": FASTAPI, "app/main.py": FASTAPI},
            "uvicorn --host 0.0.0.0 --port $PORT main:app",
        ),
        (
            {"requirements.txt": "starlette\ndaphne", "asgi.py": "app = Starlette()\n"},
            "daphne -b 0.0.0.0 -p $PORT asgi:app",
        ),
        (
            {"requirements.txt": "django", "manage.py": MANAGE, "config/wsgi.py": "", "other/wsgi.py": ""},
            "gunicorn --bind 0.0.0.0:$PORT --threads 8 config.wsgi:application",
        ),
        (
            {"requirements.txt": "django\ndaphne", "manage.py": MANAGE, "config/wsgi.py": "", "config/asgi.py": ""},
            "daphne -b 0.0.0.0 -p $PORT config.asgi:application",
        ),
        (
            {"requirements.txt": "django", "manage.py": MANAGE},
            "python manage.py runserver --noreload 0.0.0.0:$PORT",
        ),
        (
            {"requirements.txt": "flask", "app.py": f"{FLASK}app.run(host='0.0.0.0')\n"},
            "gunicorn --bind 0.0.0.0:$PORT --threads 8 app:app",
        ),
        ({"requirements.txt": "aiohttp", "server.py": ""}, "python server.py"),
        ({"requirements.txt": "requests"}, ""),
        ({"requirements.txt": "flask", "shop.py": "def create_app(config):\n    return Flask(__name__)\n"}, ""),
        (
            {
                "requirements.txt": "flask",
                "shop.py": "def create_app(config: str | None = None):\n    return Flask(__name__)\n",
            },
            "gunicorn --bind 0.0.0.0:$PORT --threads 8 'shop:create_app()'",
        ),
    ],
)
def test_an_app_is_started_by_its_own_server_or_the_usual_one(
    tmp_path: Path, files: dict[str, str], start: str
) -> None:
    assert detected(tmp_path, files).start == start


@pytest.mark.parametrize(
    ("files", "app", "root"),
    [
        ({"src/shop/main.py": FASTAPI}, "shop.main:app", "src"),
        ({"src/__init__.py": "", "src/main.py": FASTAPI}, "src.main:app", ""),
        ({"backend/main.py": f"from database import x\n{FASTAPI}", "backend/database.py": ""}, "main:app", "backend"),
        (
            {"packages/web-api/pyproject.toml": "", "packages/web-api/src/shop/main.py": FASTAPI},
            "shop.main:app",
            "packages/web-api/src",
        ),
        ({"packages/api/pyproject.toml": "", "packages/api/shop/main.py": FASTAPI}, "shop.main:app", "packages/api"),
        ({"my-app/main.py": FASTAPI}, "main:app", "my-app"),
        ({"app/main.py": f"from app import routes\n{FASTAPI}", "app/routes.py": ""}, "app.main:app", ""),
    ],
)
def test_imports_start_from_where_the_code_expects_them_to(
    tmp_path: Path, files: dict[str, str], app: str, root: str
) -> None:
    candidate = detected(tmp_path, {"requirements.txt": "fastapi\nuvicorn", **files})
    assert candidate.start.endswith(f" {app}")
    assert dict(candidate.stages[-1].environment).get("PYTHONPATH", "") == (f"/app/{root}" if root else "")


def test_requirements_bring_the_files_they_include(tmp_path: Path) -> None:
    files = {
        "requirements.txt": "-r requirements/base.txt\n-c constraints.txt\n",
        "requirements/base.txt": "--requirement=../more.txt\nflask[async]==3.0 \\\n  --hash=sha256:ab\n",
        "more.txt": "Django_Extensions; python_version > '3'  # why\n-r requirements/base.txt\n",
        "constraints.txt": "",
        "app.py": FLASK,
    }
    copies = [step for step in detected(tmp_path, files).stages[0].steps if hasattr(step, "paths")]
    assert copies[0].paths == ("requirements.txt", "requirements/base.txt", "constraints.txt", "more.txt")


@pytest.mark.parametrize("line", ["-e .", "./lib", "../lib", ".[web]", "file:///app/lib", "-e ./lib"])
def test_local_requirements_need_the_source_first(tmp_path: Path, line: str) -> None:
    steps = detected(tmp_path, {"requirements.txt": f"flask\n{line}\n", "app.py": FLASK}).stages[0].steps
    assert [step.paths for step in steps if hasattr(step, "paths")] == [(".",)]


@pytest.mark.parametrize(
    ("requirement", "building", "running"),
    [
        ("psycopg2==2.9", True, ("libpq5",)),
        ("psycopg2-binary", False, ()),
        ("psycopg2-binary==2.9.10", False, ()),
        ("psycopg2-binary==2.9.9", True, ("libpq5",)),
        ("psycopg2-binary==2.8.6", True, ("libpq5",)),
        ("psycopg", False, ("libpq5",)),
        ("psycopg[binary]", False, ()),
        ("psycopg[c,pool]", True, ("libpq5",)),
        ("mysqlclient", True, ("libmariadb3",)),
        ("git+https://example.com/a/b.git", True, ()),
    ],
)
def test_what_is_compiled_gets_its_system_packages(
    tmp_path: Path, requirement: str, building: bool, running: tuple[str, ...]
) -> None:
    first, last = detected(tmp_path, {"requirements.txt": f"flask\n{requirement}\n", "app.py": FLASK}).stages
    assert (bool(first.packages), last.packages) == (building, running)


@pytest.mark.parametrize(
    ("lock", "package"), [("generated by Poetry 1.8.3", "'poetry<2'"), ("generated by Poetry 2.1.0", "'poetry>=2,<3'")]
)
def test_the_poetry_that_wrote_the_lock_file_reads_it(tmp_path: Path, lock: str, package: str) -> None:
    files = {
        "pyproject.toml": "[tool.poetry.dependencies]\nflask = '*'\n",
        "poetry.lock": f"# @{lock}\n",
        "app.py": FLASK,
    }
    assert package in str(detected(tmp_path, files).stages[0].steps)


def test_a_lock_file_goes_before_a_list_and_a_list_before_a_range(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": "[tool.poetry.dependencies]\nflask = '*'\n",
        "requirements.txt": "flask\n",
        "app.py": FLASK,
    }
    assert "dependencies by pip" in str(detected(tmp_path, files).evidence)
    assert "dependencies by Poetry" in str(detected(tmp_path, {"poetry.lock": ""}).evidence)


def test_a_script_that_may_be_a_tool_is_not_certain_and_one_that_serves_is(tmp_path: Path) -> None:
    assert not detected(tmp_path, {"main.py": "print('hello')\n"}).certain
    assert detected(tmp_path, {"main.py": "serve(os.environ['PORT'])\n"}).certain


def test_tool_settings_alone_are_no_project(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\nline-length = 100\n")
    assert detect(Tree(tmp_path)) is None
