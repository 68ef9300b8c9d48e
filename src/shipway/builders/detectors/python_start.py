"""How a Python app is started: by what its framework says, or as a script of its own."""

from shipway.builders.detectors.python_django import django
from shipway.builders.detectors.python_frameworks import application
from shipway.builders.detectors.python_packages import Packages
from shipway.builders.detectors.python_script import script
from shipway.builders.detectors.python_serve import Start
from shipway.builders.detectors.python_ui import gradio, streamlit
from shipway.builders.detectors.tree import Tree


def find_start(tree: Tree, packages: Packages | None) -> Start | None:
    """The best way to start what is there, or `None` when nothing tells."""
    declared = packages.names if packages else frozenset[str]()
    project = tree.toml("pyproject.toml")
    return (
        (django(tree, declared) if "django" in declared else None)
        or application(tree, declared, project)
        or streamlit(tree, declared)
        or gradio(tree, declared)
        or script(tree, project)
    )
