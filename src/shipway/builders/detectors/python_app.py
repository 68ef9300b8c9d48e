"""Where an application object stands in the source, and the name that a server imports it by."""

import posixpath
import re

from shipway.builders.detectors.python_serve import App
from shipway.builders.detectors.tree import Tree

_ENTRIES = ("wsgi.py", "asgi.py", "main.py", "app.py", "server.py", "application.py", "api.py", "run.py", "__init__.py")
#: Files that exist to be served, by whatever name the object is imported into them.
_HANDED_ON = r"^from\s+[.\w]+\s+import\s+(?:\w+\s+as\s+)?(app|application|server)\b(?!\s+as\b)"
#: An app is not looked for in more files than this.
_MAX_MODULES = 500
_ASIDE = re.compile(r"(^|/)(tests?|migrations|docs|examples?|scripts)/|(^|/)(test_|conftest)")
_MAKERS = "(?:create|make|get|build|init)_app(?:lication)?"
#: A function that a server can call: one without arguments, or with defaults for them.
_FACTORY = rf"^(?:async )?def ({_MAKERS})\(\s*(?:\)|\*|\w+\s*(?::[^=,)]+)?=)"


def find_app(tree: Tree, kinds: str) -> App | None:
    """The application object of one of `kinds` (`FastAPI|Starlette`): one that is ready at import, else a function that
    makes one; in files with well-known names and near the top first.
    """
    texts = {path: tree.text(path) for path in _candidates(tree)[:_MAX_MODULES]}
    if not any(re.search(rf"\b(?:{kinds})\(", text) for text in texts.values()):
        return None
    variable = rf"^(\w+)(?:\s*:\s*[\w.]+)?\s*=\s*(?:\w+\.)?(?:{kinds}|{_MAKERS})\("
    for path, text in texts.items():
        if posixpath.basename(path) in ("wsgi.py", "asgi.py") and re.search(_HANDED_ON, text, re.MULTILINE):
            return _app(tree, path, _HANDED_ON)
        if re.search(variable, text, re.MULTILINE):
            return _app(tree, path, variable)
    for path, text in texts.items():
        if re.search(_FACTORY, text, re.MULTILINE) and re.search(rf"\b(?:{kinds})\(", text):
            return _app(tree, path, _FACTORY, factory=True)
    return None


def named_app(tree: Tree, name: str, where: str) -> App:
    """The application that the project itself names: `shop:create_app`, `wsgi.py`, `shop:app`."""
    module, _, attribute = name.strip("'\" ").partition(":")
    module = module.removesuffix(".py").replace("/", ".")
    attribute = attribute or "app"
    factory = bool(re.fullmatch(rf"(?:{_MAKERS})(?:\(\))?", attribute))
    path = module.replace(".", "/")
    at_the_top = tree.first(f"{path}.py", f"{path}/__init__.py")
    root = "src" if not at_the_top and tree.first(f"src/{path}.py", f"src/{path}/__init__.py") else ""
    return App(f"{module}:{attribute.removesuffix('()')}", f"{path}.py", where, factory, root)


def modules(tree: Tree, pattern: str) -> list[str]:
    """Files that match and can be imported, from one of the folders above them, those nearest the top first."""
    return [path for path in tree.matching(pattern, depth=5) if re.fullmatch(r"(?:[\w-]+/)*\w+\.py", path)]


def module_name(path: str, root: str) -> str:
    """The name that a file is imported by from `root`."""
    return posixpath.relpath(path, root or ".").removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def import_root(tree: Tree, path: str, text: str) -> str:
    """The directory its imports start from: its own when it imports a neighbour by bare name, else `src` of the project it
    belongs to, which may be a member of a workspace, else that project's root.
    """
    folder = posixpath.dirname(path)
    neighbours = re.findall(r"^(?:from|import)\s+(\w+)", text, re.MULTILINE)
    if folder and any(
        tree.first(f"{folder}/{name}.py", f"{folder}/{name}/__init__.py")
        and not tree.first(f"{name}.py", f"{name}/__init__.py")
        for name in neighbours
    ):
        return folder
    project = next((above for above in _above(folder) if _is_root(tree, above)), "")
    src = posixpath.join(project, "src")
    # What imports a neighbour by a dot belongs to a package, be it one without an __init__.py.
    package = tree.has(f"{src}/__init__.py") or (folder == src and re.search(r"^from\s+\.", text, re.MULTILINE))
    return project if package or not path.startswith(f"{src}/") else src


def _is_root(tree: Tree, folder: str) -> bool:
    """Whether imports can't start above this folder: it is a project, or has a name that nothing can be imported by."""
    return tree.has(f"{folder}/pyproject.toml") or "-" in posixpath.basename(folder)


def _above(folder: str) -> list[str]:
    """The folder and those that hold it, the nearest first."""
    names = folder.split("/")
    return ["/".join(names[:depth]) for depth in range(len(names), 0, -1)]


def _candidates(tree: Tree) -> list[str]:
    files = [path for path in modules(tree, "*.py") if not _ASIDE.search(path)]
    return sorted(files, key=lambda path: (path.count("/"), _rank(path)))


def _rank(path: str) -> int:
    name = posixpath.basename(path)
    return _ENTRIES.index(name) if name in _ENTRIES else len(_ENTRIES)


def _app(tree: Tree, path: str, pattern: str, *, factory: bool = False) -> App:
    text = tree.text(path)
    match = re.search(pattern, text, re.MULTILINE)
    assert match, f"{path} was chosen for {pattern}"
    root = import_root(tree, path, text)
    return App(f"{module_name(path, root)}:{match[1]}", path, tree.line_of(path, pattern), factory, root)
