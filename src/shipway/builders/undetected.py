"""What someone is told whose app was not recognised, or can't be started: what was looked for, and how to go on."""

from shipway.builders.detectors import DETECTORS
from shipway.builders.detectors.detector import Candidate
from shipway.builders.detectors.tree import Tree
from shipway.builders.suggestions import dockerfile_for, seen
from shipway.domain.errors import AnalysisFailed, Invalid

#: Directories of a large repository that are looked into, those nearest the top first.
_MOST_FOLDERS = 50


def nothing_detected(tree: Tree, service: str) -> AnalysisFailed:
    """No detector knows the tree. Directories in it that one does know are named: often the service is one of them."""
    looked = [f"  {detector.name}: {detector.looks_for}" for detector in DETECTORS]
    languages = [f"Seen in the source: {seen(tree)}"] if seen(tree) else []
    inside = _recognised_inside(tree)
    found = f"Nothing at the top of the source says how to build it, but {len(inside)} of its directories can be built."
    nothing = "Nothing in the source says how to build it." if tree.files else "The source is empty."
    add = "Or add" if inside else "Add"
    paste = f"{add} one of the files that are looked for, or a Dockerfile such as this one:\n\n{dockerfile_for(tree)}"
    return AnalysisFailed(
        found if len(inside) > 1 else nothing,
        hint=_commands(inside, service) + _elsewhere(tree) + paste,
        evidence=["Looked for at the top of the source:", "  Dockerfile", *looked, *languages],
    )


def _commands(inside: dict[str, str], service: str) -> str:
    """What to type for each of the directories."""
    if not inside:
        return ""
    named = " and ".join(f"{folder} ({provider})" for folder, provider in list(inside.items())[:5])
    which = "one of them, for each service its own" if len(inside) > 1 else "it"
    lines = [f"  shipway services set {service} --subdirectory {folder}" for folder in list(inside)[:5]]
    return "\n".join([f"{named} can be built: set the service's directory to {which}.", *lines, ""])


def _elsewhere(tree: Tree) -> str:
    """A Dockerfile that is not where it is looked for."""
    path = other_dockerfile(tree)
    return f'{path} is used when it is named: `dockerfile = "{path}"` under [build] in shipway.toml.\n' if path else ""


def other_dockerfile(tree: Tree) -> str:
    """A Dockerfile that is not used by itself: in a directory that is no app's, or with a name of its own."""
    named = [path for path in tree.files if path.rpartition("/")[2].lower().startswith("dockerfile")]
    usual = ("", "docker/", ".docker/", "build/", "deploy/", "deployment/", "ops/", ".devops/", "container/")
    own = [path for path in named if path.rpartition("/")[0] + "/" * ("/" in path) in usual]
    return next((path for path in own if not path.endswith(".dockerignore") and path.lower() != "dockerfile"), "")


def _recognised_inside(tree: Tree) -> dict[str, str]:
    """Directories, up to two levels down, in which something is recognised for certain, with the provider."""
    folders = dict.fromkeys(
        folder for path in tree.files if (folder := path.rpartition("/")[0]) and folder.count("/") < 2
    )
    found: dict[str, str] = {}
    for folder in list(folders)[:_MOST_FOLDERS]:
        # What is inside of an app belongs to it.
        if not any(folder.startswith(f"{app}/") for app in found) and (
            provider := _provider(Tree(tree.root / folder, gitignore=tree.gitignore))
        ):
            found[folder] = provider
    return found


def _provider(tree: Tree) -> str:
    """What a directory would be built as; empty when that is not certain."""
    if tree.has("Dockerfile"):
        return "dockerfile"
    try:
        found = [detector.detect(tree) for detector in DETECTORS]
    except AnalysisFailed:
        return ""
    return next((candidate.provider for candidate in found if candidate and candidate.certain), "")


def nothing_to_start(candidate: Candidate) -> AnalysisFailed:
    """It is known how to build it, but not how to start it."""
    return AnalysisFailed(
        f"This is a {candidate.provider} project, but nothing says how to start it.",
        code="no-start-command",
        hint='Add a Procfile with the line `web: <command>`, or `start = "<command>"` under [build] in shipway.toml, '
        "or set the service's start command. It has to listen on 0.0.0.0, on the port in $PORT.",
        evidence=[
            f"{finding.where}: {finding.text}" if finding.where else finding.text for finding in candidate.evidence
        ],
    )


def unreadable_start_command(error: Invalid) -> AnalysisFailed:
    """The settings' start command can't be split into words."""
    return AnalysisFailed(error.message, code="start-command-error", hint=error.hint or "Correct the start command.")
