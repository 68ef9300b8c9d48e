"""Python apps beyond Django: frameworks, apps with a server of their own, scripts, ports and queues."""

from pathlib import Path

import pytest
from tests.support.python_apps import FASTAPI, FLASK, detected

from shipway.builders.analysis import analyze
from shipway.builders.detectors.python import detect
from shipway.builders.detectors.tree import Tree
from shipway.domain.errors import AnalysisFailed
from shipway.domain.process import argv
from shipway.domain.service import ServiceSettings

GUNICORN = "gunicorn --bind 0.0.0.0:$PORT --threads 8"


@pytest.mark.parametrize(
    ("files", "start"),
    [
        ({"requirements.txt": "sanic", "app.py": "app = Sanic('shop')\n"}, "sanic --host 0.0.0.0 --port $PORT app:app"),
        (
            {"requirements.txt": "quart\nuvicorn", "app.py": "app = Quart(__name__)\n"},
            "uvicorn --host 0.0.0.0 --port $PORT app:app",
        ),
        ({"requirements.txt": "falcon\ngunicorn", "app.py": "app = falcon.App()\n"}, f"{GUNICORN} app:app"),
        ({"requirements.txt": "dash", "app.py": "app = Dash(__name__)\nserver = app.server\n"}, f"{GUNICORN} app:server"),
        ({"requirements.txt": "dash", "app.py": "app = Dash(__name__)\n"}, "env HOST=0.0.0.0 python app.py"),
        (
            {"requirements.txt": "aiohttp", "app.py": "app = web.Application()\nweb.run_app(app, port=int(environ['PORT']))\n"},
            "python app.py",
        ),
        (
            {"requirements.txt": "flask", ".flaskenv": "FLASK_APP=shop:create_app\n", "shop/__init__.py": FLASK},
            f"{GUNICORN} 'shop:create_app()'",
        ),
        (
            {"requirements.txt": "flask", "wsgi.py": "from shop.web import app\n", "shop/web.py": FLASK},
            f"{GUNICORN} wsgi:app",
        ),
        (
            {"pyproject.toml": "[project]\nname = 'a'\ndependencies = ['fastapi[standard]']\n"
             "[tool.fastapi]\nentrypoint = 'web.api:api'\n", "web/api.py": "api = FastAPI()\n", "main.py": FASTAPI},
            "uvicorn --host 0.0.0.0 --port $PORT web.api:api",
        ),
        (
            {"requirements.txt": "streamlit", "Home.py": "import streamlit as st\n", "pages/a.py": "import streamlit\n"},
            "streamlit run Home.py --server.port $PORT --server.address 0.0.0.0 --server.headless true "
            "--browser.gatherUsageStats false",
        ),
        ({"src/shop/__main__.py": "serve_forever()\n"}, "python -m shop"),
        ({"requirements.txt": "requests", "shop/__main__.py": "print('a tool')\n"}, ""),
    ],
)  # fmt: skip
def test_each_framework_is_started_in_its_own_way(tmp_path: Path, files: dict[str, str], start: str) -> None:
    assert detected(tmp_path, files).start == start


@pytest.mark.parametrize(
    ("code", "port"),
    [
        ("HTTPServer(('', 8000), Handler).serve_forever()", 8000),
        ("PORT = 5000\nuvicorn.run(app, host='0.0.0.0', port=PORT)", 5000),
        ("web.run_app(make(), port=9000)", 9000),
        ("app.listen(8888)", 8888),
        ("PORT = int(os.environ.get('PORT', 5000))\nuvicorn.run(app, port=PORT)", 0),
        ("app.listen(int(os.getenv('PORT', '8888')))", 0),
        ("if 'PORT' in environ:\n    run(port=int(environ['PORT']))\nelse:\n    run(port=5000)", 0),
        ("subprocess.run(8000)\nif:", 0),
        ("listen(0)\nlisten(True)\nlisten(99999)", 0),
    ],
)
def test_a_port_that_is_written_in_the_code_is_the_services(tmp_path: Path, code: str, port: int) -> None:
    candidate = detected(tmp_path, {"main.py": f"{code}\n"})
    assert candidate.port == port
    assert any("does not read PORT" in warning.text for warning in candidate.warnings) == bool(port)


def test_a_port_that_is_written_in_the_code_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("import x\n\nx.listen(8888)\n")
    analysis = analyze(tmp_path, ServiceSettings(), lambda runtime, version: f"{runtime}:{version}")
    assert (analysis.port, "EXPOSE 8888" in analysis.dockerfile) == (8888, True)
    assert [finding.where for finding in analysis.evidence if "whatever PORT says" in finding.text] == ["main.py:3"]


@pytest.mark.parametrize("guard", ["", "if __name__ == '__main__':\n    "])
def test_flask_that_would_run_itself_on_import_is_told_not_to(tmp_path: Path, guard: str) -> None:
    candidate = detected(tmp_path, {"requirements.txt": "flask", "app.py": f"{FLASK}{guard}app.run()\n"})
    assert (("FLASK_RUN_FROM_CLI", "true") in candidate.stages[-1].environment) == (not guard)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_listening_on_the_loopback_only_is_warned_of(tmp_path: Path, host: str) -> None:
    code = f"HTTPServer(('{host}', int(os.environ['PORT'])), H).serve_forever()\n"
    (warning,) = detected(tmp_path, {"main.py": code}).warnings
    assert (warning.where, host in warning.text, "0.0.0.0" in warning.text) == ("main.py:1", True, True)


def test_gradio_that_is_told_an_address_in_the_code_is_warned_of(tmp_path: Path) -> None:
    files = {"requirements.txt": "gradio", "app.py": "import gradio as gr\ndemo.launch(server_port=7860)\n"}
    assert "server_port" in detected(tmp_path, files).warnings[0].text


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({"requirements.txt": "flask\ncelery", "shop/celery.py": "app = Celery('shop')\n"}, "worker: celery -A shop worker"),
        ({"requirements.txt": "flask\ncelery", "tasks.py": "queue = Celery('shop')\n"}, "worker: celery -A tasks worker"),
        ({"requirements.txt": "flask\nrq"}, "worker: rq worker --url $REDIS_URL"),
    ],
)  # fmt: skip
def test_a_queue_without_a_worker_is_warned_of(tmp_path: Path, files: dict[str, str], line: str) -> None:
    assert line in str(detected(tmp_path, {"app.py": FLASK, **files}).warnings)
    name = line.split()[1]
    assert line not in str(detected(tmp_path, {"Procfile": f"worker: {name} --more\n"}).warnings)


@pytest.mark.parametrize(
    ("files", "number", "where"),
    [
        ({"mise.toml": '[tools]\nnode = "22"\npython = "3.12"\n'}, "3.12", "mise.toml:3"),
        ({"setup.py": "setup(python_requires='>=3.9,<3.12')\n"}, "3.11", "setup.py:1"),
        ({"setup.cfg": "[options]\npython_requires = ~=3.12\n"}, "3.13", "setup.cfg:2"),
        ({"runtime.txt": "python-3.12.4\n", ".tool-versions": "python 3.10.1\n"}, "3.12.4", "runtime.txt"),
        ({"pyproject.toml": '[tool.poetry.dependencies]\npython = "~3.11"\n'}, "3.11", "pyproject.toml:2"),
    ],
)
def test_the_version_is_read_wherever_python_keeps_it(
    tmp_path: Path, files: dict[str, str], number: str, where: str
) -> None:
    candidate = detected(tmp_path, {"requirements.txt": "flask", "app.py": FLASK, **files})
    assert candidate.stages[0].version == number
    assert candidate.evidence[0].where == where


def test_what_only_the_lock_file_names_gets_its_debian_packages_too(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": "[project]\nname = 'a'\ndependencies = ['flask', 'our-models']\n",
        "uv.lock": '[[package]]\nname = "mysqlclient"\nversion = "2"\n',
        "app.py": FLASK,
    }
    candidate = detected(tmp_path, files)
    assert candidate.stages[-1].packages == ("libmariadb3",)
    assert "Debian packages for mysqlclient" in str(candidate.evidence)


@pytest.mark.parametrize(
    ("files", "installed"),
    [
        (
            {
                "pyproject.toml": "[project]\nname = 'a'\n[dependency-groups]\nprod = ['gunicorn']\n[tool.uv.workspace]\n",
                "uv.lock": "",
            },
            "uv sync --frozen --no-dev --group prod --all-packages --no-install-project --no-install-local",
        ),
        (
            {
                "pyproject.toml": "[tool.poetry.dependencies]\nflask = '*'\n"
                "[tool.poetry.group.prod.dependencies]\ngunicorn = '*'\n",
                "poetry.lock": "",
            },
            "poetry install --only main,prod --no-root --no-interaction",
        ),
        ({"pyproject.toml": "[project]\nname = 'a'\n", "pylock.toml": ""}, "uv pip sync pylock.toml"),
        ({"requirements/prod.txt": "flask\n"}, "pip install -r requirements/prod.txt"),
        ({"pyproject.toml": "[project]\nname = 'a'\n[tool.hatch.envs.default]\n"}, "uv pip install -r pyproject.toml"),
    ],
)
def test_each_tool_installs_what_the_app_runs_with(tmp_path: Path, files: dict[str, str], installed: str) -> None:
    assert installed in str(detected(tmp_path, {"app.py": FLASK, **files}).stages[0].steps)


def test_dependencies_that_are_worked_out_by_the_build_need_the_source(tmp_path: Path) -> None:
    files = {"pyproject.toml": "[project]\nname = 'a'\ndynamic = ['dependencies']\n", "app.py": FLASK}
    steps = detected(tmp_path, files).stages[0].steps
    assert [step.paths for step in steps if hasattr(step, "paths")] == [(".",)]


def test_conda_alone_is_refused_with_the_way_on_and_not_beside_a_list_for_pip(tmp_path: Path) -> None:
    (tmp_path / "environment.yml").write_text("dependencies:\n  - numpy\n")
    assert detect(Tree(tmp_path)) is None
    (tmp_path / "app.py").write_text(FLASK)
    with pytest.raises(AnalysisFailed) as failure:
        detect(Tree(tmp_path))
    assert "requirements.txt" in failure.value.hint and "Dockerfile" in failure.value.hint
    assert detected(tmp_path, {"requirements.txt": "flask\n"}).certain


@pytest.mark.parametrize(
    ("files", "start"),
    [
        ({"src/main.py": f"from .config import x\n{FASTAPI}", "src/config.py": ""}, "src.main:app"),
        ({"src/main.py": FASTAPI, "src/config.py": ""}, "main:app"),
        ({"app/main.py": "def get_application():\n    return FastAPI()\n\napp = get_application()\n"}, "app.main:app"),
    ],
)
def test_the_app_is_named_as_its_own_imports_need_it(tmp_path: Path, files: dict[str, str], start: str) -> None:
    candidate = detected(tmp_path, {"requirements.txt": "fastapi", **files})
    assert candidate.start == f"uvicorn --host 0.0.0.0 --port $PORT {start}"


def test_flask_app_may_call_a_factory_with_arguments(tmp_path: Path) -> None:
    files = {"requirements.txt": "flask", ".flaskenv": "FLASK_APP=shop:create_app('live')\n", "shop.py": FLASK}
    words = argv(detected(tmp_path, files).start, {"PORT": "80"})
    assert words and words[-1] == "shop:create_app('live')"
