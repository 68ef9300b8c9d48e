"""Rust: programs built by Cargo, from one crate or the crates of a workspace."""

import posixpath
import re
import shlex

from shipway.builders.detectors.compiled import (
    BIN,
    Code,
    Program,
    beside_evidence,
    chosen_evidence,
    find_listening,
    pick,
    running,
    without_compiler,
)
from shipway.builders.detectors.detector import Candidate, Copy, Detector, Run, Stage
from shipway.builders.detectors.rust_crate import FRAMEWORKS, Crate, table
from shipway.builders.detectors.rust_project import Project
from shipway.builders.detectors.rust_system import LISTENS, find_packages
from shipway.builders.detectors.tree import Tree
from shipway.domain.artifacts import Finding

_CARGO = "/root/.cargo"
_DOWNLOADS = (f"{_CARGO}/registry", f"{_CARGO}/git")
#: The name that Cargo has for certificates to trust.
_TRUST = "export CARGO_HTTP_CAINFO=$ca"
_CODE = Code(("*.rs", "Cargo.toml", "Cargo.lock", "rust-toolchain*"), ("target", "vendor", ".cargo"))


def detect(tree: Tree) -> Candidate | None:
    """A Cargo.toml."""
    project = Project(tree)
    if not tree.has("Cargo.toml"):
        return None
    chosen = project.default_run or pick(project.programs, _names(project))
    listening = find_listening(project.sources, *LISTENS)
    crate = next((crate for crate in project.crates if chosen in crate.programs), None)
    is_rocket = crate is not None and crate.framework == "rocket"
    return Candidate(
        provider="rust",
        stages=_stages(project, is_rocket=is_rocket),
        start=_start(chosen, is_rocket=is_rocket),
        evidence=(*_evidence(project, crate), *chosen_evidence(project.programs, chosen), *listening.evidence),
        warnings=(*_warnings(project), *listening.warnings),
        serves=bool(crate and crate.framework) or any(program.serves for program in project.programs),
        certain=bool(project.programs),
        port=listening.port,
    )


def _names(project: Project) -> tuple[str, ...]:
    """What the project's own program would be called: as its topmost crate."""
    return tuple(crate.name for crate in project.crates[:1])


def _start(chosen: Program | None, *, is_rocket: bool) -> str:
    """Rocket reads a variable of its own for the port, which gets its value when the app starts."""
    if not chosen:
        return ""
    program = f"{BIN}/{shlex.quote(chosen.name)}"
    return f"env ROCKET_PORT=$PORT {program}" if is_rocket else program


def _stages(project: Project, *, is_rocket: bool) -> tuple[Stage, ...]:
    """Downloads before the source; what was compiled is kept in a cache, which no layer could do as well."""
    system = find_packages(project.packages)
    release = table(table(project.manifest, "profile"), "release")
    environment = (
        ("CARGO_HOME", _CARGO),
        ("CARGO_TARGET_DIR", _target(project)),
        *((("CARGO_PROFILE_RELEASE_STRIP", "true"),) if not {"strip", "debug"} & set(release) else ()),
        # Else rustup would fetch the base's own version again, under the shorter name that the project calls it by.
        *(() if project.has_own_toolchain else (("RUSTUP_TOOLCHAIN", "$RUST_VERSION"),)),
    )
    left = (_CODE.removal(),) if _CODE.beside(project.tree) else ()
    steps = (*_dependencies(project), Copy((".",)), _build(project), *left)
    build = Stage("rust", project.version.number, steps, "build", system.building, environment)
    address = (("ROCKET_ADDRESS", "0.0.0.0"),) if is_rocket else ()  # noqa: S104 - inside a container
    return build, running(project.tree, project.programs, _CODE, system.running, address)


def _dependencies(project: Project) -> tuple[Copy | Run, ...]:
    """The download, from manifests beside empty files: Cargo reads no manifest whose programs are not there."""
    if project.vendored or not project.is_locked or not any(crate.dependencies for crate in project.local):
        return ()
    settings = (project.config,) if project.config else ()
    files = ("Cargo.toml", "Cargo.lock", *settings, *(crate.file for crate in project.local))
    entries = [path for crate in project.local for path in crate.entries]
    folders = sorted({posixpath.dirname(path) for path in entries})
    stand_in = (f"mkdir -p {shlex.join(folders)}", f"touch {shlex.join(entries)}") if entries else ()
    return Copy(tuple(dict.fromkeys(files))), Run(
        (*stand_in, "cargo fetch --locked"), _DOWNLOADS, downloads=True, certificates=_TRUST
    )


def _build(project: Project) -> Run:
    """Compile into the cache, and take the programs out of it."""
    locked = " --locked" if project.is_locked else ""
    crates = (
        "".join(f" -p {shlex.quote(crate.name)}" for crate in project.crates if crate.programs)
        if project.is_workspace
        else ""
    )
    triple = str(table(project.settings, "build").get("target") or "")
    platform = f"{triple}/" if re.fullmatch(r"[\w.-]+", triple) else ""
    folder = f"{_target(project)}/{platform}release"
    built = shlex.join(f"{folder}/{program.name}" for program in project.programs)
    return Run(
        (
            # Cargo goes by the times of files, and those of an older revision may be from before the cached build.
            "find . -type f -exec touch {} +",
            f"cargo build --release{locked}{crates} --bins",
            f"mkdir -p {BIN}",
            f"cp {built} {BIN}/",
        ),
        (*_DOWNLOADS, _target(project)),
        downloads=True,
        certificates=_TRUST,
    )


def _target(project: Project) -> str:
    """A directory of the project's own to compile in: Cargo lets only one build at a time into one."""
    name = next(iter(_names(project)), "")
    return f"/root/target/{re.sub(r'[^A-Za-z0-9_-]', '', name) or 'app'}"


def _evidence(project: Project, crate: Crate | None) -> tuple[Finding, ...]:
    channel, where = project.channel
    version = Finding(f"Rust {channel}", where) if project.has_own_toolchain and channel else None
    found = [version or project.version.finding("Rust")]
    if project.is_workspace:
        found.append(Finding(f"a workspace of {len(project.crates)} crates", "Cargo.toml"))
    if project.vendored:
        found.append(Finding(f"dependencies from the source's own {project.vendored}/", project.config))
    else:
        found.append(Finding("dependencies by Cargo", "Cargo.lock" if project.is_locked else "Cargo.toml"))
    if crate and crate.framework:
        found.append(Finding(FRAMEWORKS[crate.framework], project.tree.line_of(crate.file, rf"^{crate.framework}\b")))
    for package, names in find_packages(project.packages).reasons:
        found.append(Finding(f"Debian packages for {package}: {', '.join(names)}"))
    return *found, *beside_evidence(_CODE, project.tree)


def _warnings(project: Project) -> tuple[Finding, ...]:
    text = "No Cargo.lock: each build takes the newest versions that Cargo.toml allows. Commit Cargo.lock."
    unlocked = () if project.is_locked else (Finding(text, "Cargo.toml"),)
    return *unlocked, *without_compiler(project.tree, {"cargo run": "Cargo", "cargo build": "Cargo"})


DETECTOR = Detector("Rust", "Cargo.toml", detect)
