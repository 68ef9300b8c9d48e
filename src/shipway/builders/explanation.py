"""An analysis as lines for people."""

from shipway.builders.providers import how_to_choose
from shipway.domain.artifacts import Analysis, Finding
from shipway.domain.process import ProcessType

_TITLES = {
    "python": "Python",
    "node": "Node.js",
    "static": "Static site",
    "dockerfile": "Dockerfile",
    "go": "Go",
    "ruby": "Ruby",
    "php": "PHP",
    "java": "Java",
    "rust": "Rust",
    "dotnet": ".NET",
    "deno": "Deno",
    "bun": "Bun",
    "elixir": "Elixir",
}


def explain(analysis: Analysis) -> list[str]:
    """The decision and its reasons, as lines for a step's log."""
    lines = [title(analysis), *evidence(analysis), *(f"       {_process(process)}" for process in analysis.processes)]
    if analysis.release_command:
        lines.append(f"       release: {analysis.release_command}")
    return [*lines, *alternatives(analysis), *warnings(analysis)]


def title(analysis: Analysis) -> str:
    """What it is."""
    made = "a generated Dockerfile" if analysis.generated else "its own Dockerfile"
    return f"-----> {_TITLES.get(analysis.provider, analysis.provider)}: built from {made}"


def evidence(analysis: Analysis) -> list[str]:
    """Why."""
    return [f"       {_told(finding)}" for finding in analysis.evidence]


def alternatives(analysis: Analysis) -> list[str]:
    """What else it might be, and how to have it built as that."""
    if not analysis.alternatives:
        return []
    return [
        f"       Also looks like: {', '.join(analysis.alternatives)}",
        f"       To choose that: {how_to_choose(analysis.alternatives[0])}",
    ]


def warnings(analysis: Analysis) -> list[str]:
    """What to mind."""
    return [f" !     {_told(warning)}" for warning in analysis.warnings]


def _told(finding: Finding) -> str:
    return f"{finding.text} ({finding.where})" if finding.where else finding.text


def _process(process: ProcessType) -> str:
    times = f" (begins with {process.quantity})" if process.quantity != 1 else ""
    return f"{process.name}: {process.command or 'the command of the image'}{times}"
