"""Apps of a few lines that bring their own server: Streamlit and Gradio."""

import re

from shipway.builders.detectors.python_app import modules
from shipway.builders.detectors.python_serve import Start
from shipway.builders.detectors.tree import Tree
from shipway.domain.artifacts import Finding

_PAGES = ("streamlit_app.py", "app.py", "main.py", "Home.py", "home.py", "dashboard.py", "demo.py", "run.py")


def streamlit(tree: Tree, declared: frozenset[str]) -> Start | None:
    """Streamlit's server, told where to listen; it asks nobody for an e-mail address and sends no statistics."""
    path = _page(tree, "streamlit") if "streamlit" in declared else ""
    if not path:
        return None
    command = (
        f"streamlit run {path} --server.port $PORT --server.address 0.0.0.0 --server.headless true "
        "--browser.gatherUsageStats false"
    )
    probe = Finding("Streamlit answers on /_stcore/health: set that as the health check's path")
    return Start(command, (Finding("Streamlit", _where(tree, path, "streamlit")), probe))


def gradio(tree: Tree, declared: frozenset[str]) -> Start | None:
    """A script that launches Gradio, which takes its address from variables where the script gives none."""
    path = _page(tree, "gradio", r"\.launch\(") if "gradio" in declared else ""
    if not path:
        return None
    command = f"env GRADIO_SERVER_NAME=0.0.0.0 GRADIO_SERVER_PORT=$PORT python {path}"
    told = r"\.launch\([^)]*server_(?:port|name)\s*="
    warnings = (
        Finding(
            "launch(server_name=…, server_port=…) goes before the variables that Gradio is told its address by: leave "
            "them out, or give 0.0.0.0 and PORT.",
            tree.line_of(path, told),
        ),
    )
    shares = bool(re.search(told, tree.text(path)))
    quiet = (("GRADIO_ANALYTICS_ENABLED", "False"),)
    evidence = Finding("Gradio", _where(tree, path, "gradio"))
    return Start(command, (evidence,), environment=quiet, warnings=warnings if shares else ())


def _page(tree: Tree, package: str, calls: str = "") -> str:
    """The file to run: one that imports the package, with a well-known name before any other, near the top."""
    found = [
        path
        for path in modules(tree, "*.py")
        if re.search(_importing(package), text := tree.text(path), re.MULTILINE) and re.search(calls, text)
    ]
    found.sort(key=lambda path: (path.count("/"), _rank(path.rpartition("/")[2])))
    return found[0] if found else ""


def _rank(name: str) -> int:
    return _PAGES.index(name) if name in _PAGES else len(_PAGES)


def _importing(package: str) -> str:
    return rf"^(?:import|from)\s+{package}\b"


def _where(tree: Tree, path: str, package: str) -> str:
    return tree.line_of(path, _importing(package))
