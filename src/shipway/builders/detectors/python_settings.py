"""Django settings, read without running them: the variables they can't do without, and who may ask for pages."""

import ast
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from shipway.builders.detectors.tree import Tree

#: What each reader of django-environ, environs and decouple wants to see, where a plain text won't do.
_BY_KIND = {
    "bool": "0",
    "int": "1",
    "float": "1",
    "Decimal": "1",
    "dict": "a=b",
    "json": "{}",
    "db": "sqlite://:memory:",
    "db_url": "sqlite://:memory:",
    "dj_db_url": "sqlite://:memory:",
    "cache": "locmemcache://",
    "cache_url": "locmemcache://",
    "dj_cache_url": "locmem://",
    "email": "consolemail://",
    "email_url": "consolemail://",
    "dj_email_url": "console:",
    "url": "http://localhost",
    "timedelta": "1",
}
#: And what a name promises, the first that is found in it.
_BY_NAME = (
    (r"DATABASE_UR[LI]|DB_UR[LI]|POSTGRES\w*_URL", "sqlite://:memory:"),
    (r"CACHE_URL", "locmemcache://"),
    (r"REDIS|BROKER|CELERY\w*_URL", "redis://localhost:6379/0"),
    (r"DSN$", ""),
    (r"DEBUG|^USE_|_USE_|ENABLE|^IS_", "0"),
    (r"(?:PORT|TIMEOUT|SIZE|COUNT|AGE|NUM|SECONDS|DAYS|TTL|MAX|LIMIT)$|_ID$", "1"),
    (r"UR[LI]S?$|ENDPOINT|ORIGIN", "http://localhost"),
    (r"HOST", "localhost"),
)
_TEXT = "only-for-collectstatic"
#: Readers that take the variable's name and fail without the variable, when nothing else is given.
_READERS = {
    "env",
    "config",
    "get_env_variable",
    "get_env",
    "get_env_value",
    "get_env_setting",
    "env_var",
    "require_env",
}
_CASTS = {"bool", "int", "float", "str", "list", "tuple", "Csv"}
_NAMELESS = {"db": "DATABASE_URL", "db_url": "DATABASE_URL", "cache": "CACHE_URL", "cache_url": "CACHE_URL",
             "email": "EMAIL_URL", "email_url": "EMAIL_URL"}  # fmt: skip
#: Hosts that only the machine itself asks for.
_LOCAL_HOSTS = {"localhost", "127.0.0.1", "[::1]", "0.0.0.0", "testserver"}  # noqa: S104 - compared with


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable that the settings fail without."""

    name: str
    #: `path:line` that reads it.
    where: str
    #: The reader's kind of value; empty for text.
    kind: str = ""

    @property
    def stand_in(self) -> str:
        """A value that lets the settings load, and is good for nothing else."""
        if self.kind in _BY_KIND:
            return _BY_KIND[self.kind]
        return next((value for pattern, value in _BY_NAME if re.search(pattern, self.name)), _TEXT)


@dataclass(frozen=True, slots=True)
class Settings:
    """A settings module and those of the project that it imports everything from."""

    tree: Tree
    module: str
    #: The module's own file first.
    files: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.tree.text(path) for path in self.files)

    def has(self, pattern: str) -> str:
        """`path:line` of what the pattern matches first; empty for nowhere."""
        found = (path for path in self.files if re.search(pattern, self.tree.text(path), re.MULTILINE))
        path = next(found, "")
        return self.tree.line_of(path, pattern) if path else ""

    def required(self) -> tuple[Variable, ...]:
        """The variables that it reads without a default and without asking first whether they are there."""
        needed: dict[str, Variable] = {}
        optional: set[str] = set()
        for path in self.files:
            for node in sorted(ast.walk(_parsed(self.tree.text(path))), key=_line):
                optional |= _asked_for(node)
                for name, kind in _read(node):
                    if name not in needed or (kind and not needed[name].kind):
                        needed[name] = Variable(name, f"{path}:{_line(node)}", kind)
        return tuple(variable for name, variable in needed.items() if name not in optional)

    def marks_of_production(self) -> tuple[Variable, ...]:
        """Variables without which DEBUG is on, whatever their value: `DEBUG = "RENDER" not in os.environ`."""
        return tuple(
            Variable(name, f"{path}:{_line(node)}")
            for path in self.files
            for node in ast.walk(_parsed(self.tree.text(path)))
            if isinstance(node, ast.Assign) and _assigns(node, "DEBUG") and isinstance(node.value, ast.Compare)
            if isinstance(node.value.ops[0], ast.NotIn)
            for name in sorted(_asked_for(node.value))
        )

    def local_hosts_only(self) -> str:
        """`path:line` of an ALLOWED_HOSTS that lets in nobody from outside; empty when it may let in some."""
        if re.search(r"ALLOWED_HOSTS\s*(?:\+=|\.(?:append|extend))", self.text):
            return ""
        for path in self.files:
            hosts = [node for node in ast.walk(_parsed(self.tree.text(path))) if _assigns(node, "ALLOWED_HOSTS")]
            if hosts:
                return f"{path}:{_line(hosts[-1])}" if _is_local(hosts[-1]) else ""
        return ""


def read_settings(tree: Tree, module: str, root: str) -> Settings:
    """The settings by the name they are imported by from `root`."""
    pending, files = [_file(tree, module, root)], list[str]()
    while pending:
        path = pending.pop(0)
        if path and path not in files:
            files.append(path)
            pending += [_file(tree, name, root) for name in _imported(tree.text(path), _package(path, root))]
    return Settings(tree, module, tuple(files))


def _file(tree: Tree, module: str, root: str) -> str:
    path = posixpath.join(root, module.replace(".", "/"))
    return tree.first(f"{path}.py", f"{path}/__init__.py")


def _package(path: str, root: str) -> list[str]:
    folder = posixpath.relpath(posixpath.dirname(path) or ".", root or ".")
    return [] if folder == "." else folder.split("/")


def _imported(text: str, package: list[str]) -> list[str]:
    """The modules that `from … import *` names, in full."""
    found = re.findall(r"^\s*from\s+(\.*)([\w.]*)\s+import\s+\*", text, re.MULTILINE)
    return [
        ".".join([*(package[: len(package) - len(dots) + 1] if dots else []), *([name] if name else [])])
        for dots, name in found
    ]


def _parsed(text: str) -> ast.AST:
    """The module's syntax tree, empty when it has none. Nothing of it is run."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def _line(node: ast.AST) -> int:
    return getattr(node, "lineno", 1)


def _read(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Names of variables that this expression fails without, and the kind of value."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _name(node.value) == "environ":
        yield from ((name, "") for name in _texts([node.slice]))
    if not isinstance(node, ast.Call):
        return
    function = _name(node.func)
    if function in ("int", "float") and node.args and isinstance(node.args[0], ast.Subscript):
        yield from ((name, function) for name, _ in _read(node.args[0]))
    elif function in _READERS and isinstance(node.func, ast.Name) and not _has_default(node):
        yield from ((name, _cast(node)) for name in _texts(node.args[:1]))
    elif _is_method_of_env(node.func) and not _has_default(node):
        named = _texts(node.args[:1]) or ([_NAMELESS[function]] if function in _NAMELESS else [])
        yield from ((name, function) for name in named)


def _asked_for(node: ast.AST) -> set[str]:
    """Names of variables that may be missing: read with a default, declared with one, or looked for first."""
    if isinstance(node, ast.Compare) and any(isinstance(operator, ast.In | ast.NotIn) for operator in node.ops):
        return set(_texts([node.left])) if _name(node.comparators[0]) == "environ" else set()
    if not isinstance(node, ast.Call):
        return set()
    if _name(node.func) in ("get", "getenv", "setdefault"):
        return set(_texts(node.args[:1]))
    if _name(node.func) == "Env":
        return {word.arg for word in node.keywords if word.arg and isinstance(word.value, ast.Tuple)}
    return set()


def _name(node: ast.expr) -> str:
    """The last name of `os.environ`, `environ`, `env.bool`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _texts(nodes: list[ast.expr]) -> list[str]:
    return [
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[A-Za-z_]\w*", node.value)
    ]


def _is_method_of_env(function: ast.expr) -> bool:
    known = {*_BY_KIND, "str", "list", "tuple", "path", "search_url", "bytes"}
    return isinstance(function, ast.Attribute) and _name(function.value) == "env" and function.attr in known


def _has_default(call: ast.Call) -> bool:
    given = any(keyword.arg == "default" for keyword in call.keywords)
    return given or any(_name(argument) not in _CASTS for argument in call.args[1:])


def _cast(call: ast.Call) -> str:
    casts = [keyword.value for keyword in call.keywords if keyword.arg == "cast"] + call.args[1:]
    return _name(casts[0]) if casts else ""


def _assigns(node: ast.AST, name: str) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return any(_name(target) == name for target in targets)


def _is_local(node: ast.AST) -> bool:
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    if not isinstance(value, ast.List | ast.Tuple):
        return False
    return all(isinstance(host, ast.Constant) and host.value in _LOCAL_HOSTS for host in value.elts)
