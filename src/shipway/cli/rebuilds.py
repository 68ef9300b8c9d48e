"""A pruned image that a rollback builds again, in words."""

from shipway.client.models import Deployment


def rebuilding(revision: str) -> str:
    """Before it is done."""
    return f"its image was pruned: built again from {_source(revision)}"


def rebuilt(deployment: Deployment) -> str:
    """What has come of it; empty for a deployment that built none again."""
    known = deployment["rebuild"]
    if known is None or known["rebuilt"] is None:
        return ""
    release, made = f"v{known['release']}", f"{known['rebuilt']}: {_source(known['revision'])} made"
    if known["rebuilt"] == "reproduced":
        told = f"{made} the very image that {release} had"
    else:
        told = f"{made} another image than {release} had; v{deployment['release']} is a new release of it"
    names = ", ".join(known["otherwise"])
    return told + (f". Build-time vars that are otherwise today were not used: {names}" if names else "")


def _source(revision: str) -> str:
    """Uploads are named by their SHA-256, commits by a shorter hash."""
    return f"{'upload' if len(revision) == 64 else 'commit'} {revision[:12]}"
