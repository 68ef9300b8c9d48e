"""Frameworks of Node: what starts what they build, or where their pages are, beyond what the samples show."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.detected import candidate

from shipway.builders.detectors.detector import Candidate
from shipway.builders.detectors.node import detect


def detected(tmp_path: Path, package: dict[str, Any], files: dict[str, str] | None = None) -> Candidate:
    """The candidate for a package.json and other files."""
    return candidate(detect, tmp_path, {"package.json": package, **(files or {})})


def uses(*packages: str, **scripts: str) -> dict[str, Any]:
    """A package.json with these dependencies and scripts."""
    return {"dependencies": dict.fromkeys(packages, "1"), "scripts": scripts}


def pages(candidate: Candidate) -> str:
    """Where nginx gets the pages from; empty when it is no nginx."""
    last = candidate.stages[-1]
    return "".join(step.paths[0] for step in last.steps if hasattr(step, "paths")) if last.runtime == "static" else ""


@pytest.mark.parametrize(
    ("package", "files", "start"),
    [
        (uses("next", start="next dev"), {}, "next start"),
        (uses("next"), {"next.config.ts": "export default { output: 'standalone' }"}, "node server.js"),
        (uses("next"), {"next.config.js": "module.exports = {\n  // output: 'standalone'\n}"}, "next start"),
        (uses("next", start="node server.js"), {"next.config.js": "output: 'standalone'"}, "node server.js"),
        (uses("next", start="next start -p 4000"), {}, "next start -p 4000"),
        (uses("nuxt", start="nuxt preview"), {}, "node .output/server/index.mjs"),
        (uses("@solidjs/start", build="vinxi build", start="vinxi start"), {}, "node .output/server/index.mjs"),
        (uses("@sveltejs/kit"), {"svelte.config.js": "'@sveltejs/adapter-node' adapter({ out: 'dist' })"}, "node dist"),
        (uses("@sveltejs/kit"), {"vite.config.ts": "import a from '@sveltejs/adapter-node'"}, "node build"),
        (uses("@sveltejs/kit", start="node server.js"), {}, "node server.js"),
        (uses("@sveltejs/kit"), {"svelte.config.js": "import a from '@sveltejs/adapter-auto'"}, ""),
        (
            uses("astro", "@astrojs/node"),
            {"astro.config.mjs": "import n from '@astrojs/node'; outDir: './out'"},
            "node ./out/server/entry.mjs",
        ),
        (uses("@react-router/dev", "@react-router/serve"), {}, "react-router-serve ./build/server/index.js"),
        (uses("@remix-run/dev", "@remix-run/serve"), {}, "remix-serve ./build/index.js"),
        (uses("@remix-run/dev", "express", start="node server.js"), {}, "node server.js"),
        (uses("@nestjs/core", start="nest start"), {}, "node dist/main"),
        (uses("@nestjs/core"), {"nest-cli.json": '{"entryFile": "src/main"}'}, "node dist/src/main"),
    ],
)
def test_a_framework_is_started_as_it_is_meant_to_run(
    tmp_path: Path, package: dict[str, Any], files: dict[str, str], start: str
) -> None:
    assert detected(tmp_path, package, files).start == start


def angular(builder: str, options: dict[str, Any]) -> dict[str, str]:
    """An angular.json with one application."""
    build = {"builder": f"@angular/build:{builder}", "options": options}
    return {"angular.json": json.dumps({"projects": {"shop": {"architect": {"build": build}}}})}


@pytest.mark.parametrize(
    ("package", "files", "folder"),
    [
        (uses("next", build="next build"), {"next.config.mjs": 'output: "export"'}, "/app/out/"),
        (uses("nuxt", build="nuxt generate"), {}, "/app/.output/public/"),
        (uses("@sveltejs/kit"), {"svelte.config.js": "import a from '@sveltejs/adapter-static'"}, "/app/build/"),
        (uses("astro", start="astro dev"), {}, "/app/dist/"),
        (uses("@react-router/dev"), {"react-router.config.ts": "export default { ssr: false }"}, "/app/build/client/"),
        (uses("@angular/core", start="ng serve"), angular("application", {}), "/app/dist/shop/browser/"),
        (uses("@angular/core"), angular("browser", {"outputPath": "dist/x"}), "/app/dist/x/"),
        (uses("@angular/core"), angular("application", {"outputPath": {"base": "out", "browser": ""}}), "/app/out/"),
        (uses("gatsby", start="gatsby develop"), {}, "/app/public/"),
        (uses("@docusaurus/core", start="docusaurus start"), {}, "/app/build/"),
        (uses("vitepress", **{"docs:build": "vitepress build docs"}), {}, "/app/docs/.vitepress/dist/"),
        (uses("@11ty/eleventy"), {".eleventy.js": "return { dir: { output: 'www' } }"}, "/app/www/"),
        (uses("react-scripts", build="react-scripts build", start="serve -s build"), {}, "/app/build/"),
        (uses("vite", build="vite build", start="vite --host"), {}, "/app/dist/"),
        (uses("vite", build="vite build --outDir www"), {}, "/app/www/"),
        (
            uses("vite", build="vite build"),
            {"vite.config.js": "root: './src', build: { outDir: '../out' }"},
            "/app/out/",
        ),
        (uses("vite", build="vite build"), {"vite.config.js": "root: 'src'"}, "/app/src/dist/"),
    ],
)
def test_pages_are_served_from_where_their_tool_puts_them(
    tmp_path: Path, package: dict[str, Any], files: dict[str, str], folder: str
) -> None:
    assert pages(detected(tmp_path, package, files)) == folder


def test_angular_with_a_server_is_started_by_node(tmp_path: Path) -> None:
    files = angular("application", {"ssr": {"entry": "server.ts"}, "server": "main.server.ts"})
    candidate = detected(tmp_path, uses("@angular/core", "express", start="ng serve"), files)
    assert candidate.start == "node dist/shop/server/server.mjs"


def test_an_angular_json_without_an_application_is_told(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"angular\.json names no application"):
        detected(tmp_path, uses("@angular/core"), {"angular.json": '{"projects": {}}'})


def test_a_bundler_that_only_runs_the_tests_makes_no_pages(tmp_path: Path) -> None:
    candidate = detected(tmp_path, uses("vite", "vitest", test="vitest"), {"index.js": ""})
    assert candidate.start == "node index.js"


def test_a_missing_build_script_is_made_up_for_and_told(tmp_path: Path) -> None:
    candidate = detected(tmp_path, uses("next", start="next start"))
    assert "npx next build" in str(candidate.stages)
    assert [warning.text for warning in candidate.warnings if "No build script" in warning.text]


@pytest.mark.parametrize(
    ("package", "files"),
    [
        (uses("nuxt"), {"nuxt.config.ts": "nitro: {\n preset: 'vercel' }"}),
        (uses("astro"), {"astro.config.mjs": "\nimport n from '@astrojs/vercel'"}),
    ],
)
def test_an_adapter_for_another_platform_is_told_with_its_line(
    tmp_path: Path, package: dict[str, Any], files: dict[str, str]
) -> None:
    last = detected(tmp_path, package, files).warnings[-1]
    assert "another platform" in last.text
    assert last.where.endswith(":2")


def test_only_the_standalone_output_gets_into_the_image(tmp_path: Path) -> None:
    files = {"next.config.js": "output: 'standalone'", "public/a.txt": ""}
    last = detected(tmp_path, uses("next", build="next build"), files).stages[-1]
    assert [step.paths[0] for step in last.steps if hasattr(step, "paths")] == [
        "/app/.next/standalone/",
        "/app/.next/static/",
        "/app/public/",
    ]
    assert dict(last.environment)["HOSTNAME"] == "0.0.0.0"


def test_what_vite_builds_with_nitro_is_a_server(tmp_path: Path) -> None:
    package = {
        "scripts": {"build": "vite build", "preview": "vite preview"},
        "dependencies": {"nitro": "3", "vite": "7"},
    }
    assert detected(tmp_path, package).start == "node .output/server/index.mjs"
