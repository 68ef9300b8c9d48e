"""Members of workspaces, built from the top."""

from pathlib import Path

import pytest
from tests.support.detected import write_files

from shipway.builders import workspaces
from shipway.builders.analysis import analyze
from shipway.domain.service import ServiceSettings

PNPM = "packages:\n  # apps\n  - 'apps/*'\n  - \"libs/**\"\n  - '!apps/old'\n"


def found(root: Path, member: str, kind: str = "") -> tuple[str, str, str] | None:
    """Provider, context and file of the workspace a directory is a member of."""
    (root / member).mkdir(parents=True, exist_ok=True)
    if member and kind and not (root / member / kind).exists():
        (root / member / kind).write_text("{}" if kind == "package.json" else "")
    workspace = workspaces.find(root, root / member, gitignore=False)
    return (workspace.provider, workspace.context, workspace.where) if workspace else None


@pytest.mark.parametrize(
    ("files", "member", "expected"),
    [
        ({"package.json": {"workspaces": ["apps/*"]}}, "apps/api", ("node", "../..", "package.json")),
        ({"package.json": {"workspaces": {"packages": ["./api"]}}}, "api", ("node", "..", "package.json")),
        ({"package.json": {"workspaces": ["libs/*"]}}, "apps/api", None),
        ({"package.json": {}}, "api", None),
        ({"pnpm-workspace.yaml": PNPM, "package.json": {}}, "apps/api", ("node", "../..", "pnpm-workspace.yaml")),
        ({"pnpm-workspace.yaml": PNPM, "package.json": {}}, "apps/old", None),
        ({"pnpm-workspace.yaml": PNPM, "package.json": {}}, "libs/a/b", ("node", "../../..", "pnpm-workspace.yaml")),
        ({"js/package.json": {"workspaces": ["a"]}}, "js/a", ("node", "..", "package.json")),
    ],
)
def test_a_package_is_a_member_by_the_file_at_the_top(
    tmp_path: Path, files: dict[str, object], member: str, expected: tuple[str, str, str] | None
) -> None:
    write_files(tmp_path, files)
    assert found(tmp_path, member, "package.json") == expected


@pytest.mark.parametrize(
    ("files", "member", "expected"),
    [
        (
            {"Cargo.toml": '[workspace]\nmembers = ["crates/*"]\n', "crates/a/Cargo.toml": ""},
            "crates/a",
            ("rust", "../..", "Cargo.toml"),
        ),
        ({"go.work": "go 1.24\nuse (\n\t./api\n\t./lib\n)\n"}, "api", ("go", "..", "go.work")),
        ({"go.mod": "module x\n", "cmd/api/main.go": ""}, "cmd/api", ("go", "../..", "go.mod")),
        ({"go.mod": "module x\n", "docs/x.md": ""}, "docs", None),
        ({"Cargo.toml": '[package]\nname = "x"\n', "docs/Cargo.toml": ""}, "docs", None),
    ],
)
def test_a_program_is_a_member_by_the_file_at_the_top(
    tmp_path: Path, files: dict[str, object], member: str, expected: tuple[str, str, str] | None
) -> None:
    write_files(tmp_path, files)
    assert found(tmp_path, member) == expected


def test_nothing_above_the_checkout_counts(tmp_path: Path) -> None:
    write_files(tmp_path, {"package.json": {"workspaces": ["*"]}})
    assert found(tmp_path / "checkout", "") is None


def test_a_package_is_built_from_the_top_and_started_in_its_own_directory(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {
            "package.json": {"workspaces": ["apps/*", "libs/*"], "scripts": {"start": "node other.js"}},
            "package-lock.json": {"lockfileVersion": 3},
            "apps/api/package.json": {
                "name": "api",
                "dependencies": {"a": "*", "express": "5"},
                "scripts": {"start": "node x.js"},
            },
            "apps/web/package.json": {"name": "web", "scripts": {"start": "node y.js"}},
            "apps/api/Procfile": "worker: node work.js\n",
            "libs/a/package.json": {"name": "a", "scripts": {"build": "make"}},
        },
    )
    found = analyze(tmp_path / "apps/api", ServiceSettings(), lambda *names: ":".join(names), root=tmp_path)
    assert found.context == "../.."
    assert [process.command for process in found.processes] == ["node x.js", "node work.js"]
    assert "WORKDIR /app/apps/api\nUSER" in found.dockerfile
    assert "npm ci" in found.dockerfile
    assert found.dockerfile.index("libs/a &&") > found.dockerfile.index("npm ci")
    alone = analyze(tmp_path / "apps/api", ServiceSettings(), lambda *names: ":".join(names))
    assert (alone.context, "npm ci" in alone.dockerfile) == (".", False)


def test_a_directory_that_only_looks_like_a_member_stands_alone(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {
            "package.json": {"workspaces": ["apps/*"]},
            "apps/web/package.json": {"name": "web", "scripts": {"start": "node y.js"}},
            "apps/pages/index.html": "<h1>hello</h1>",
        },
    )
    found = analyze(tmp_path / "apps/pages", ServiceSettings(), lambda *names: ":".join(names), root=tmp_path)
    assert (found.provider, found.context) == ("static", ".")


@pytest.mark.parametrize(
    ("files", "member", "program"),
    [
        (
            {
                "go.mod": "module example.com/m\n\ngo 1.24\n",
                "cmd/api/main.go": "package main\n\nfunc main() {}\n",
                "cmd/server/main.go": "package main\n\nfunc main() {}\n",
            },
            "cmd/api",
            "api",
        ),
        (
            {
                "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\n',
                "crates/a/Cargo.toml": '[package]\nname = "shop-api"\nversion = "0.1.0"\n',
                "crates/a/src/main.rs": "fn main() {}\n",
                "crates/b/Cargo.toml": '[package]\nname = "server"\nversion = "0.1.0"\n',
                "crates/b/src/main.rs": "fn main() {}\n",
            },
            "crates/a",
            "shop-api",
        ),
    ],
)
def test_of_a_workspace_of_programs_the_members_own_is_started(
    tmp_path: Path, files: dict[str, object], member: str, program: str
) -> None:
    write_files(tmp_path, files)
    found = analyze(tmp_path / member, ServiceSettings(), lambda *names: ":".join(names), root=tmp_path)
    assert (found.context, found.processes[0].command) == ("../..", f"/app/bin/{program}")
    assert found.provider in ("go", "rust")
