"""All services, grouped as they are addressed."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from shipway.operations.services import ServiceView, list_services
from shipway.pipeline.platform import Platform
from shipway.web.render import page_for
from shipway.web.visit import Visit


async def home(_platform: Platform, _request: Request) -> Response:
    """The site's root."""
    return RedirectResponse("/dashboard", 303)


async def show(visit: Visit) -> Response:
    """The list; how to deploy the first app where there is none."""
    views = await list_services(visit.platform, visit.actor)
    counts = Counter(view.state for view in views)
    return page_for(visit, "dashboard.html", groups=grouped(views), counts=counts, total=len(views))


def grouped(views: Sequence[ServiceView]) -> list[tuple[str, list[tuple[str, list[ServiceView]]]]]:
    """Services by environment, environments by project: `[("acme/shop", [("production", [...])])]`."""
    ordered = sorted(views, key=lambda view: view.service.path)
    return [
        (project, [(name, list(members)) for name, members in groupby(of_project, _environment)])
        for project, of_project in groupby(ordered, _project)
    ]


def _project(view: ServiceView) -> str:
    return f"{view.service.path.workspace}/{view.service.path.project}"


def _environment(view: ServiceView) -> str:
    return view.service.path.environment
