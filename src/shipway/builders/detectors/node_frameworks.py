"""Node frameworks that are built first: what each leaves behind, a server or pages, and how that is served."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from shipway.builders.detectors.detector import HOME, Copy
from shipway.builders.detectors.node_project import Config, Project
from shipway.domain.artifacts import Finding


@dataclass(frozen=True, slots=True)
class Server:
    """A build that a server process serves."""

    title: str
    #: What starts it where the start script doesn't; empty: only the start script knows.
    start: str = ""
    #: All that it needs, where that is not the source, its build and the production dependencies.
    output: tuple[Copy, ...] = ()
    #: Builds it when there is no script that does.
    build: str = ""
    environment: tuple[tuple[str, str], ...] = ()
    #: Directories of the build that are kept between builds.
    caches: tuple[str, ...] = ()
    evidence: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Pages:
    """A build that nginx serves."""

    title: str
    #: Where they are, from the project's own directory.
    folder: str
    #: The page that answers for every path; empty: a path without a page is a 404.
    fallback: str = ""
    build: str = ""
    warnings: tuple[Finding, ...] = ()


Framework = Server | Pages
_LISTEN = (("HOST", "0.0.0.0"),)  # noqa: S104 - inside its container


def find_framework(project: Project) -> Framework | None:
    """The framework that decides how the project is served; `None` when the start script alone does."""
    return next((found for detect in _FRAMEWORKS if (found := detect(project))), None)


def _next(project: Project) -> Framework | None:
    if not project.uses("next"):
        return None
    config = project.config("next.config.*")
    output = config.find(r"\boutput:\s*['\"](standalone|export)['\"]")
    folder = config.find(r"\bdistDir:\s*['\"]([\w./-]+)['\"]")
    environment = (("HOSTNAME", "0.0.0.0"), ("NEXT_TELEMETRY_DISABLED", "1"))  # noqa: S104 - inside its container
    if output == "export":
        return Pages("Next.js, exported as pages (`output: export`)", folder or "out", build="npx next build")
    built = folder or ".next"
    caches = (f"{HOME}/{project.folder}{built}/cache",)
    if output != "standalone" or _own_server(project):
        return Server("Next.js", "next start", build="npx next build", environment=environment, caches=caches)
    here, at = f"{HOME}/{project.folder}", f"./{project.folder}"
    public = any(path.startswith(f"{project.folder}public/") for path in project.tree.files)
    copies = (
        Copy((f"{here}{built}/standalone/",), stage="build"),
        Copy((f"{here}{built}/static/",), f"{at}{built}/static/", "build"),
        *([Copy((f"{here}public/",), f"{at}public/", "build")] if public else []),
    )
    found = Finding("its standalone output is all that runs", config.path)
    start = "node server.js"
    return Server("Next.js", start, copies, "npx next build", environment, caches, (found,))


def _own_server(project: Project) -> bool:
    """Whether Next.js is only a part of a server that the start script starts."""
    start = project.resolved("start")[1]
    return bool(start) and not re.search(r"\bnext (?:start|dev)\b|\bnext$|standalone/", start)


def _nuxt(project: Project) -> Framework | None:
    """Nuxt, and what else is built by Nitro."""
    titles = {
        "nuxt": "Nuxt",
        "@solidjs/start": "SolidStart",
        "@analogjs/platform": "Analog",
        "nitropack": "Nitro",
        "nitro": "Nitro",
    }
    title = next((title for name, title in titles.items() if project.uses(name)), "")
    if not title:
        return None
    build = "npx nuxt build" if title == "Nuxt" else ""
    config = project.config("nuxt.config.*", "app.config.*", "nitro.config.*")
    preset = config.find(r"\bpreset:\s*['\"]([\w-]+)['\"]")
    if preset in ("static", "github-pages") or re.search(r"nux[ti] generate", project.scripts.get("build", "")):
        return Pages(f"{title}, generated as pages", ".output/public", "200.html", build="npx nuxt generate")
    foreign = preset and not preset.startswith(("node", "bun", "deno"))
    text = f"The preset {preset} builds for another platform. Remove it, or set it to node-server."
    warnings = (Finding(text, project.tree.line_of(config.path, r"\bpreset:")),) if foreign else ()
    output = (Copy((f"{HOME}/{project.folder}.output/",), f"./{project.folder}.output/", "build"),)
    return Server(title, "node .output/server/index.mjs", output, build, _LISTEN, warnings=warnings)


def _sveltekit(project: Project) -> Framework | None:
    if not project.uses("@sveltejs/kit"):
        return None
    configs = [project.config(f"{name}.config.*") for name in ("svelte", "vite")]
    config = next((config for config in configs if "adapter" in config.text), Config())
    adapter = config.find(r"['\"]@sveltejs/adapter-([\w-]+)['\"]")
    if adapter == "static":
        folder = config.find(r"\bpages:\s*['\"]([\w./-]+)['\"]") or "build"
        fallback = config.find(r"\bfallback:\s*['\"]([\w./-]+)['\"]")
        return Pages("SvelteKit, prerendered by adapter-static", folder, fallback, "npx vite build")
    out = config.find(r"\bout:\s*['\"]([\w./-]+)['\"]")
    where = project.tree.line_of(config.path, "adapter-") if config.path else project.manifest
    if adapter == "node":
        found = (Finding("adapter-node", where),)
        return Server(
            "SvelteKit", f"node {out or 'build'}", build="npx vite build", environment=_LISTEN, evidence=found
        )
    if "start" in project.scripts:
        return Server("SvelteKit", build="npx vite build", environment=_LISTEN)
    text = (
        f"adapter-{adapter or 'auto'} builds nothing that can be started here. Install @sveltejs/adapter-node, import it "
        "in the configuration instead, and commit both (for pages only: @sveltejs/adapter-static)."
    )
    return Server(
        "SvelteKit", build="npx vite build", evidence=(Finding(text, where),), warnings=(Finding(text, where),)
    )


def _astro(project: Project) -> Framework | None:
    if not project.uses("astro"):
        return None
    config = project.config("astro.config.*")
    folder = (config.find(r"\boutDir:\s*['\"]([\w./-]+)['\"]") or "dist").removeprefix("./").rstrip("/")
    adapter = config.find(r"['\"]@astrojs/(node|vercel|netlify|cloudflare|deno)\b")
    if adapter == "node":
        own = "" if re.search(r"mode:\s*['\"]middleware", config.text) else f"node ./{folder}/server/entry.mjs"
        found = (Finding("the adapter @astrojs/node", config.path),)
        return Server("Astro", own, build="npx astro build", environment=_LISTEN, evidence=found)
    text = f"The adapter @astrojs/{adapter} builds for another platform. Use @astrojs/node with `mode: 'standalone'`."
    warnings = (Finding(text, project.tree.line_of(config.path, "@astrojs/")),) if adapter else ()
    return Pages("Astro, built as pages", folder, build="npx astro build", warnings=warnings)


def _react_router(project: Project) -> Framework | None:
    kinds = {"@react-router/dev": ("React Router", "react-router"), "@remix-run/dev": ("Remix", "remix")}
    found = next((kind for package, kind in kinds.items() if project.uses(package)), None)
    if not found:
        return None
    title, command = found
    config = project.config(f"{command}.config.*", "vite.config.*")
    if re.search(r"\bssr:\s*false\b", config.text):
        return Pages(f"{title} without a server (ssr: false)", "build/client", "index.html", f"npx {command} build")
    vite = title == "React Router" or project.uses("vite")
    build = f"npx {command} {'build' if title == 'React Router' or not vite else 'vite:build'}"
    scope = "@react-router" if title == "React Router" else "@remix-run"
    output = "./build/server/index.js" if vite else "./build/index.js"
    start = f"{command}-serve {output}" if project.uses(f"{scope}/serve") else ""
    return Server(title, start, build=build, environment=_LISTEN)


def _nest(project: Project) -> Framework | None:
    if not project.uses("@nestjs/core"):
        return None
    config = project.config("nest-cli.json")
    entry = config.find(r'"entryFile"\s*:\s*"([\w./-]+)"') or "main"
    return Server("NestJS", f"node dist/{entry}", build="npx nest build" if project.uses("@nestjs/cli") else "")


_FRAMEWORKS: tuple[Callable[[Project], Framework | None], ...] = (
    _next,
    _nuxt,
    _sveltekit,
    _astro,
    _react_router,
    _nest,
)
