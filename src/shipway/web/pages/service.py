"""One service: how it is, what was deployed, and the buttons that deploy more."""

from typing import get_args

from starlette.responses import RedirectResponse, Response

from shipway.domain.deployment import UNFINISHED, Deployment
from shipway.domain.errors import Invalid
from shipway.domain.service import TrafficMode
from shipway.operations import again, deployments, history, hold, releases
from shipway.operations.config import get_config
from shipway.operations.config_history import list_changes
from shipway.operations.metrics import pipeline_metrics
from shipway.operations.planning import ConfigMode
from shipway.operations.services import get_service
from shipway.operations.traffic import set_traffic
from shipway.operations.volumes import list_volumes
from shipway.web.render import page_for
from shipway.web.visit import Visit

_PAGE = 20
#: Of the config vars; the command line has all of them.
_CHANGES = 10


async def show(visit: Visit) -> Response:
    """The page. `?before=N` continues the list of deployments, `?config=shown` shows the config vars' values."""
    platform, actor, path = visit.platform, visit.actor, visit.service_path
    view = await get_service(platform, actor, path)
    listed = await history.list_deployments(platform, actor, path, limit=_PAGE + 1, before=_before(visit))
    return page_for(
        visit,
        "service.html",
        path=path,
        view=view,
        blind=view.blind,
        deployments=listed[:_PAGE],
        older=listed[_PAGE - 1].number if len(listed) > _PAGE else None,
        unfinished=next((each for each in listed if each.state in UNFINISHED), None),
        releases=await releases.marked_releases(platform, actor, path),
        metrics=await pipeline_metrics(platform, actor, path),
        config=await get_config(platform, actor, path),
        changes=await list_changes(platform, actor, path, limit=_CHANGES),
        volumes=await list_volumes(platform, actor, path, sizes=False),
        values_shown=visit.request.query_params.get("config") == "shown",
    )


async def deploy(visit: Visit) -> Response:
    """Its source once more, as it is today, with today's config."""
    return _to(await deployments.deploy(visit.platform, visit.actor, visit.service_path))


async def redeploy(visit: Visit) -> Response:
    """What is live once more, with today's config."""
    return _to(await again.redeploy(visit.platform, visit.actor, visit.service_path))


async def restart(visit: Visit) -> Response:
    """New instances of what is live."""
    return _to(await deployments.restart(visit.platform, visit.actor, visit.service_path))


async def rollback(visit: Visit) -> Response:
    """An earlier release again, or its image with today's config."""
    version = _number(visit.form.get("version", ""), "version")
    config: ConfigMode = "current" if visit.form.get("config") == "current" else "snapshot"
    return _to(
        await deployments.rollback(visit.platform, visit.actor, visit.service_path, version=version, config=config)
    )


async def auto_deploy(visit: Visit) -> Response:
    """Deploy what comes by itself again."""
    await hold.resume(visit.platform, visit.actor, visit.service_path)
    return RedirectResponse(f"/dashboard/{visit.service_path}", 303)


async def traffic(visit: Visit) -> Response:
    """Maintenance, pause, or neither."""
    asked = visit.form.get("mode", "")
    mode = next((mode for mode in get_args(TrafficMode) if mode == asked), None)
    if mode is None:
        raise Invalid(f"{asked[:40]!r} is no mode of traffic.", hint="Use the buttons of the page.")
    await set_traffic(visit.platform, visit.actor, visit.service_path, mode)
    return RedirectResponse(f"/dashboard/{visit.service_path}#traffic", 303)


def _before(visit: Visit) -> int | None:
    asked = visit.request.query_params.get("before")
    return _number(asked, "before") if asked else None


def _number(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid(f"{name} is {text[:40]!r}, not a number.", hint="Use the buttons of the page.")
    return int(text)


def _to(made: Deployment) -> Response:
    return RedirectResponse(f"/dashboard/deployments/{made.id}", 303)
