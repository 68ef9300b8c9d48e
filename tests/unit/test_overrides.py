"""What is declared about a build, applied to candidates."""

from shipway.builders.declared import Declared, Said, Value
from shipway.builders.detectors.detector import Candidate, Copy, Run, Stage
from shipway.builders.overrides import overridden
from shipway.domain.artifacts import Finding

INSTALL = Run(("npm ci --include=dev", "npm run build", "npm prune --omit=dev"), ("/root/.npm",), downloads=True)
TOOL = Run(("npm install --global --prefix /opt/tools pnpm@9",), downloads=True)
NODE = Candidate(
    "node",
    (
        Stage("node", "22", (TOOL, Copy(("package.json", "package-lock.json")), INSTALL, Copy((".",))), "build"),
        Stage("node", "22", (Copy(("/app/",), stage="build"),), packages=("git",)),
    ),
    "node server.js",
    (Finding("Node.js 22", ".nvmrc"), Finding("dependencies by npm", "package-lock.json")),
)
PYTHON = Candidate(
    "python",
    (
        Stage("python", "3.13", (Copy(("requirements.txt",)), Run(("pip install -r requirements.txt",))), "build"),
        Stage("python", "3.13", (Copy(("/opt/venv",), "/opt/venv", "build"), Copy((".",)))),
    ),
    "python app.py",
    (Finding("Python 3.13, the default"),),
)
SCRIPT = Candidate("node", (Stage("node", "22", (Copy((".",)),)),), "node server.js", ())


def declared(**values: Value) -> Declared:
    """As if shipway.toml had these under [build]."""
    return Declared({f"build.{key}": Said(value, "shipway.toml:2") for key, value in values.items()})


def commands(candidate: Candidate) -> list[tuple[str, ...]]:
    """What is run, stage by stage."""
    return [step.commands for stage in candidate.stages for step in stage.steps if isinstance(step, Run)]


def test_nothing_declared_changes_nothing() -> None:
    assert overridden(NODE, Declared()) == NODE


def test_the_version_is_that_of_every_stage_of_the_apps_own_runtime_and_in_the_evidence() -> None:
    pages = Candidate("node", (NODE.stages[0], Stage("static", "", ())), "nginx", NODE.evidence)
    changed = overridden(pages, declared(version="20"))
    assert [(stage.runtime, stage.version) for stage in changed.stages] == [("node", "20"), ("static", "")]
    assert changed.evidence == (Finding("Node.js 20", "shipway.toml:2"), NODE.evidence[1])
    assert overridden(PYTHON, declared(version="3.12")).evidence == (Finding("Python 3.12", "shipway.toml:2"),)


def test_what_is_overruled_is_no_evidence_any_more() -> None:
    told = (Finding("built by its script build: x"), Finding("started by its main file", "server.js"))
    candidate = Candidate("node", NODE.stages, "node server.js", (*NODE.evidence, *told))
    both = Declared({"build.build": Said(("make",), "x:1"), "processes.web": Said("serve", "x:2")})
    assert overridden(candidate, both).evidence == NODE.evidence
    assert overridden(candidate, Declared()).evidence == candidate.evidence


def test_packages_are_in_all_stages_those_for_compilers_not_in_the_last() -> None:
    changed = overridden(NODE, declared(packages=("ffmpeg", "libvips-dev", "gcc")))
    assert [stage.packages for stage in changed.stages] == [("ffmpeg", "gcc", "libvips-dev"), ("ffmpeg", "git")]
    assert overridden(SCRIPT, declared(packages=("gcc",))).stages[0].packages == ("gcc",)


def test_a_plain_install_keeps_its_layer_apart_from_the_source() -> None:
    changed = overridden(NODE, declared(install=("npm ci --legacy-peer-deps",)))
    assert changed.stages[0].steps[1] == Copy(("package.json", "package-lock.json"))
    named = overridden(PYTHON, declared(install=("pip install -r requirements.txt --no-deps",)))
    assert named.stages[0].steps[0] == Copy(("requirements.txt",))
    other = overridden(PYTHON, declared(install=("pip install -r production.txt",)))
    assert other.stages[0].steps[0] == Copy((".",))


def test_install_takes_the_place_of_the_install_and_sees_the_whole_source() -> None:
    changed = overridden(NODE, declared(install=("npm ci --force", "./patch.sh")))
    assert commands(changed) == [
        TOOL.commands,
        ("npm ci --force", "./patch.sh", "npm run build", "npm prune --omit=dev"),
    ]
    assert [step.paths for step in changed.stages[0].steps if isinstance(step, Copy)] == [(".",)]


def test_build_takes_the_place_of_the_build() -> None:
    changed = overridden(NODE, declared(build=("make assets",)))
    assert commands(changed)[1] == ("npm ci --include=dev", "make assets", "npm prune --omit=dev")


def test_a_build_where_there_was_none_runs_after_the_source_came_and_its_results_are_taken() -> None:
    build, final = overridden(PYTHON, declared(build=("python compile.py",))).stages
    assert build.steps[0] == Copy((".",))
    assert build.steps[-1] == Run(("python compile.py",), downloads=True)
    assert final.steps == (PYTHON.stages[1].steps[0], Copy(("/app/",), stage="build"))


def test_a_build_in_a_single_stage_comes_last() -> None:
    assert overridden(SCRIPT, declared(build=("make",))).stages[0].steps == (
        Copy((".",)),
        Run(("make",), downloads=True),
    )


def test_install_and_build_together() -> None:
    changed = overridden(PYTHON, declared(install=("pip install .",), build=("python -m compileall .",)))
    assert commands(changed) == [("pip install .",), ("python -m compileall .",)]
