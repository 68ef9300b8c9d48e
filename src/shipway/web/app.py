"""The map of the dashboard: every address and the page behind it."""

from fastapi import APIRouter

from shipway.pipeline.platform import Platform
from shipway.web.entry import logged_in, open_to_all
from shipway.web.pages import dashboard, deployment, events, login, logs, service
from shipway.web.problems import nowhere
from shipway.web.static import StaticPages

#: Where `bootstrap` mounts `static_app()`.
STATIC = "/static"

_SERVICE = "/dashboard/{workspace}/{project}/{environment}/{service}"
_DEPLOYMENT = "/dashboard/deployments/{id}"

OPEN_PAGES = (
    ("GET", "/", dashboard.home),
    ("GET", "/login", login.offer),
    ("POST", "/login", login.redeem),
)

PAGES = (
    ("POST", "/logout", login.leave),
    ("GET", "/dashboard", dashboard.show),
    ("GET", _SERVICE, service.show),
    ("POST", f"{_SERVICE}/deploy", service.deploy),
    ("POST", f"{_SERVICE}/redeploy", service.redeploy),
    ("POST", f"{_SERVICE}/restart", service.restart),
    ("POST", f"{_SERVICE}/auto-deploy/resume", service.auto_deploy),
    ("POST", f"{_SERVICE}/rollback", service.rollback),
    ("POST", f"{_SERVICE}/traffic", service.traffic),
    ("GET", _DEPLOYMENT, deployment.show),
    ("GET", f"{_DEPLOYMENT}/events", events.stream),
    ("GET", f"{_DEPLOYMENT}/Dockerfile", deployment.dockerfile),
    ("GET", f"{_DEPLOYMENT}/{{step}}.log", logs.download),
    ("POST", f"{_DEPLOYMENT}/promote", deployment.promote),
    ("POST", f"{_DEPLOYMENT}/cancel", deployment.cancel),
    ("POST", f"{_DEPLOYMENT}/again", deployment.again),
    ("GET", "/dashboard/{rest:path}", nowhere),
)


def create_router(platform: Platform) -> APIRouter:
    """All pages of the dashboard, to be included without a prefix beside the API."""
    router = APIRouter(include_in_schema=False)
    for method, path, open_page in OPEN_PAGES:
        router.add_route(path, open_to_all(platform, open_page), methods=[method])
    for method, path, page in PAGES:
        router.add_route(path, logged_in(platform, page), methods=[method])
    return router


def static_app() -> StaticPages:
    """Style sheet, scripts and icon; for `app.mount(STATIC, static_app())`."""
    return StaticPages()
