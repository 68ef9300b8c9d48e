"""Times, durations and provenance in words. `static/times.js` says the same in the browser as time goes by."""

from datetime import datetime

from shipway.domain.clock import now
from shipway.domain.deployment import Deployment
from shipway.domain.plan import Plan
from shipway.domain.service import Service
from shipway.domain.source import GitSource, ImageSource, PushSource, Source

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))
_ACTIONS = {
    "deploy": "Deploy",
    "rollback": "Rollback",
    "restart": "Restart",
    "scale": "Scale",
    "config": "Config",
    "promote": "Promotion",
    "reconfigure": "Today's config",
}
_DOORS = {"cli": "command line", "api": "API", "dashboard": "dashboard", "guard": "guard", "git-push": "git push"}
_MIB = 1024 * 1024
#: Between a number and its unit, so that they stay on one line.
_GLUE = "\N{NO-BREAK SPACE}"
_STEPS = {
    "clone": "get the source",
    "analyze": "see how to build and start it",
    "build": "make the image",
    "push": "store the image",
    "release": "freeze image and config",
    "deploy": "start the instances",
    "health": "wait until they answer",
    "canary": "try it on some of the requests",
    "promotion": "wait for somebody's word",
    "handover": "replace what must not run twice",
    "route": "move the traffic",
    "finalize": "drain and stop the old instances",
    "abandon": "remove what was started",
}


def ago(moment: datetime) -> str:
    """`3 min ago`."""
    seconds = (now() - moment).total_seconds()
    for length, unit in _UNITS:
        if seconds >= length:
            return _glued(int(seconds // length), unit, "ago")
    return "just now"


def exactly(moment: datetime) -> str:
    """`21 Nov 2026, 08:21:07 UTC`."""
    return f"{moment:%d %b %Y, %H:%M:%S} UTC"


def lasting(seconds: float) -> str:
    """`20 ms`, `1.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 0.9995:
        return _glued(round(max(seconds, 0) * 1000), "ms")
    return _glued(f"{seconds:.1f}", "s") if seconds < 9.95 else _whole(round(seconds))


def so_far(start: datetime) -> str:
    """How long that lasts by now, in whole seconds."""
    return _whole(int((now() - start).total_seconds()))


def _whole(whole: int) -> str:
    if whole < 60:
        return _glued(whole, "s")
    if whole < 3600:
        return _glued(whole // 60, "min", whole % 60, "s")
    return _glued(whole // 3600, "h", whole % 3600 // 60, "min")


def between(start: datetime | None, end: datetime | None) -> str:
    """How long that lasted; empty unless both are known."""
    return lasting((end - start).total_seconds()) if start and end else ""


def took(deployment: Deployment) -> str:
    """From the request to traffic, or to the end of an attempt that never had any; empty while it runs."""
    return between(deployment.created_at, deployment.live_at or deployment.finished_at)


def action(deployment: Deployment) -> str:
    """`Rollback to v3`, `Deploy of main`."""
    word, revision = _ACTIONS[deployment.action], deployment.revision
    again = f", rebuilt: {deployment.rebuild.outcome or 'not yet'}" if deployment.rebuild else ""
    if origin := deployment.image_from:
        return (
            f"{word} to v{origin.number}, today's config{again}"
            if deployment.action == "rollback"
            else f"{word} of {origin}"
        )
    if deployment.action == "rollback":
        return f"{word} to v{deployment.rebuild.number if deployment.rebuild else deployment.release_number}{again}"
    if deployment.built_for:
        return f"{word}, built again for {', '.join(deployment.built_for)}"
    # A push is of a commit, in full.
    ref = revision.ref[:12] if len(revision.ref) == 40 else revision.ref
    what = ref or revision.image or (f"upload {revision.upload[:12]}" if revision.upload else "")
    return f"{word} of {what}" if what else word


def door(deployment: Deployment) -> str:
    """By which way it was asked for."""
    return _DOORS.get(deployment.trigger, deployment.trigger)


def source(source: Source) -> str:
    """Where a service's code or image comes from."""
    if isinstance(source, ImageSource):
        return f"Image {source.reference}"
    inside = f", directory {source.subdirectory}" if source.subdirectory else ""
    if isinstance(source, GitSource):
        return f"{source.url}{f' at {source.ref}' if source.ref else ''}{inside}"
    if isinstance(source, PushSource):
        return f"Pushed to Shipway{f', branch {source.branch}' if source.branch else ''}{inside}"
    return f"Uploaded by shipway deploy{inside}"


def first_commands(service: Service) -> list[str]:
    """What to type in the app's directory to deploy a service that never was."""
    if isinstance(service.source, PushSource):
        return [f"shipway git remote {service.path}", f"git push shipway {service.source.branch or 'main'}"]
    return [f"shipway link {service.path}", "shipway deploy"]


def mebibytes(number: int) -> str:
    """`512 MiB`."""
    return _glued(f"{number / _MIB:.0f}", "MiB")


def purpose(step: str) -> str:
    """What a step is there for."""
    return _STEPS.get(step, "")


def overlap(plan: Plan) -> str:
    """How old and new instances follow each other, as a sentence."""
    if plan.mode == "in-place":
        return "The instances stay as they are; only the config files that they see change."
    if plan.mode == "stop-first":
        return f"The old instances stop before the new ones start, because {plan.why}."
    if plan.mode == "overlap-one-by-one":
        return f"New instances start a few at a time and old ones make way for them, because {plan.why}."
    if plan.replaces is None:
        return "Nothing is live that it could interrupt."
    if plan.interrupts:
        told = " and ".join(plan.interrupts)
        cause = "whose volumes no two have" if plan.reason == "volume" else "never to run twice"
        return f"New instances start beside the old ones; of {told}, {cause}, the old ones end first."
    return "New instances start beside the old ones."


def strategy(plan: Plan) -> str:
    """How the requests get to the new instances."""
    return "bluegreen, waits for a promotion" if plan.waits else plan.strategy


def _glued(*parts: object) -> str:
    return _GLUE.join(map(str, parts))
