"""One deployment: its plan, its steps and their logs, live. `events` sends the same parts again whenever they change."""

from starlette.responses import RedirectResponse, Response

from shipway.domain.clock import now
from shipway.domain.deployment import OPTIONAL_STEPS, POINT_OF_NO_RETURN, STEPS, UNFINISHED, Deployment, StepRecord
from shipway.domain.errors import NotFound
from shipway.operations import builds, deployments, explanation, history
from shipway.operations.again import retry
from shipway.operations.history import DeploymentView
from shipway.operations.releases import release_of
from shipway.web import states
from shipway.web.render import fragment, page_for
from shipway.web.timeline import bars
from shipway.web.visit import Visit

#: What clears up after a failure: a step like the others in the journal.
_CLEAN_UP = "abandon"
_SWITCH = STEPS.index(POINT_OF_NO_RETURN)
_ROWS = (*STEPS[:_SWITCH], *OPTIONAL_STEPS, *STEPS[_SWITCH:], _CLEAN_UP)
#: Shown only when they took place.
_EXTRA = (*OPTIONAL_STEPS, _CLEAN_UP)


async def show(visit: Visit) -> Response:
    """The page, whether it is under way or over; the logs come by `events` either way."""
    view = await history.get_deployment(visit.platform, visit.actor, visit.deployment_id)
    shown = await parts(visit, view)
    return page_for(visit, "deployment.html", view=view, parts=shown, rows=_rows(view), extra=_EXTRA, title=title(view))


async def dockerfile(visit: Visit) -> Response:
    """What the image was made by, to keep and change."""
    found = await builds.build_of(visit.platform, visit.actor, visit.deployment_id)
    if found is None:
        raise NotFound("This deployment has built nothing.")
    headers = {"Content-Disposition": 'attachment; filename="Dockerfile"'}
    return Response(found.dockerfile, media_type="text/plain; charset=utf-8", headers=headers)


async def promote(visit: Visit) -> Response:
    """Send it its traffic: it is ready."""
    return _to(await deployments.promote(visit.platform, visit.actor, visit.deployment_id))


async def cancel(visit: Visit) -> Response:
    """Stop it before traffic moves."""
    return _to(await deployments.cancel(visit.platform, visit.actor, visit.deployment_id))


async def again(visit: Visit) -> Response:
    """The same once more: the same revision, release or restart, under the same condition."""
    return _to(await retry(visit.platform, visit.actor, visit.deployment_id))


async def parts(visit: Visit, view: DeploymentView) -> dict[str, str]:
    """The pieces of the page that change, rendered, by the id of the element they fill."""
    over = view.deployment.state not in UNFINISHED
    stretches = bars(view.steps, now())
    steps = {
        f"step-{step.name}": fragment("step.html", step=step, over=over, bar=stretches.get(step.name))
        for step in _rows(view)
    }
    offers = {"cancellable": cancellable(view), "promotable": promotable(view)}
    head = fragment("deployment_head.html", visit=visit, view=view, **offers)
    made = await builds.build_of(visit.platform, visit.actor, view.deployment.id)
    release = await release_of(visit.platform, visit.actor, view.deployment.id)
    below = {
        "plan": fragment("deployment_plan.html", plan=view.plan),
        "cutover": fragment("deployment_cutover.html", report=view.cutover),
        "release": fragment("deployment_release.html", release=release),
        "build": fragment("deployment_build.html", build=made),
    }
    known = await explanation.explain_view(visit.platform, view)
    notice = fragment(
        "deployment_notice.html",
        view=view,
        promotable=promotable(view),
        explanation=known,
        reference=explanation.REFERENCE,
    )
    return {"head": head, "notice": notice} | below | steps


def cancellable(view: DeploymentView) -> bool:
    """Whether traffic has not begun to move, and nobody has asked before."""
    if view.deployment.state not in UNFINISHED or view.deployment.cancel_requested:
        return False
    return next(step.state for step in view.steps if step.name == POINT_OF_NO_RETURN) == "pending"


def promotable(view: DeploymentView) -> bool:
    """Whether it waits for somebody's word, and nobody has given it."""
    known = view.deployment
    return known.state == "ready" and not (known.promote_requested or known.cancel_requested)


def title(view: DeploymentView) -> str:
    """What the browser's tab says; it is all that is seen of one in the background."""
    return f"{states.of_deployment(view.deployment, view.status_label).text} d{view.deployment.number} · {view.path}"


def _rows(view: DeploymentView) -> tuple[StepRecord, ...]:
    known = {step.name: step for step in view.steps}
    return tuple(known.get(name) or StepRecord(name, "pending") for name in _ROWS)


def _to(made: Deployment) -> Response:
    return RedirectResponse(f"/dashboard/deployments/{made.id}", 303)
