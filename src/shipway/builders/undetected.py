"""What someone is told whose app was not recognised, or can't be started: what was looked for, and how to go on."""

from shipway.builders.detectors import DETECTORS
from shipway.builders.detectors.detector import Candidate
from shipway.builders.detectors.tree import Tree
from shipway.domain.errors import AnalysisFailed, Invalid

_DOCKERFILE = """\
FROM debian:bookworm-slim
WORKDIR /app
COPY . .
# Install and build here, with RUN.
EXPOSE 8080
# The app has to listen on 0.0.0.0, on the port in $PORT.
CMD ["./my-app"]
"""


def nothing_detected(tree: Tree) -> AnalysisFailed:
    """No detector knows the tree. Directories in it that one does know are named: often the service is one of them."""
    looked = "\n".join(f"  {detector.name}: {detector.looks_for}" for detector in DETECTORS)
    inside = _recognised_inside(tree)
    nearby = f"{' and '.join(inside[:5])} can be built: set the service's directory to it.\n" if inside else ""
    return AnalysisFailed(
        "Nothing in the source says how to build it." if tree.files else "The source is empty.",
        hint=f"{nearby}Add one of the files that are looked for, or a Dockerfile such as this one:\n\n{_DOCKERFILE}",
        evidence=["Looked for at the top of the source:", "  Dockerfile", *looked.split("\n")],
    )


def _recognised_inside(tree: Tree) -> list[str]:
    """Directories, up to two levels down, in which something is recognised for certain."""
    folders = dict.fromkeys(
        "/".join(path.split("/")[:depth]) for path in tree.files for depth in (1, 2) if path.count("/") >= depth
    )
    return [folder for folder in list(folders)[:50] if _is_app(Tree(tree.root / folder, gitignore=tree.gitignore))]


def _is_app(tree: Tree) -> bool:
    if tree.has("Dockerfile"):
        return True
    try:
        candidates = [detector.detect(tree) for detector in DETECTORS]
    except AnalysisFailed:
        return False
    return any(candidate.certain for candidate in candidates if candidate)


def nothing_to_start(candidate: Candidate) -> AnalysisFailed:
    """It is known how to build it, but not how to start it."""
    return AnalysisFailed(
        f"This is a {candidate.provider} project, but nothing says how to start it.",
        code="no-start-command",
        hint="Add a Procfile with the line `web: <command>`, or set the service's start command. "
        "It has to listen on 0.0.0.0, on the port in $PORT.",
        evidence=[
            f"{finding.where}: {finding.text}" if finding.where else finding.text for finding in candidate.evidence
        ],
    )


def unreadable_start_command(error: Invalid) -> AnalysisFailed:
    """The settings' start command can't be split into words."""
    return AnalysisFailed(error.message, code="start-command-error", hint=error.hint or "Correct the start command.")
