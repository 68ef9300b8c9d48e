"""The HTTP API (S12.1): one file per resource in `routes/`, its JSON in `schemas/`. The dashboard is mounted beside it."""

from fastapi import FastAPI
from fastapi.routing import APIRoute

from shipway import __version__
from shipway.api import errors, openapi
from shipway.api.guards import BodyLimit, SameOrigin, SecurityHeaders
from shipway.api.incidents import Incidents
from shipway.api.routes import (
    applying,
    auto_deploy,
    builds,
    config,
    deletion,
    deploy_urls,
    deployments,
    environment_config,
    environments,
    events,
    explanation,
    files,
    git,
    health,
    images,
    logs,
    pipeline,
    planning,
    projects,
    registries,
    registry,
    releases,
    runs,
    scale,
    secrets,
    services,
    tokens,
    traffic,
    uploads,
    volumes,
    webhooks,
    whoami,
    workspaces,
)
from shipway.pipeline.platform import Platform

_RESOURCES = (
    workspaces,
    projects,
    environments,
    applying,
    services,
    deletion,
    scale,
    traffic,
    auto_deploy,
    webhooks,
    deploy_urls,
    config,
    secrets,
    environment_config,
    volumes,
    files,
    logs,
    runs,
    planning,
    pipeline,
    deployments,
    releases,
    images,
    explanation,
    builds,
    events,
    uploads,
    tokens,
    whoami,
    registries,
    registry,
    git,
    health,
)


def create_app(platform: Platform) -> FastAPI:
    """The API over a platform that somebody else starts and stops."""
    app = FastAPI(
        title="Shipway",
        version=__version__,
        summary="A repository or an image becomes a running, routed, healthy service.",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
        responses=openapi.PROBLEMS,
    )
    app.state.platform = platform
    for resource in _RESOURCES:
        app.include_router(resource.router)
    errors.install(app)
    openapi.install(app)
    # The last one added is the outermost.
    app.add_middleware(SameOrigin, public_url=platform.settings.url)
    larger = {uploads.router.prefix: 0, f"{git.PREFIX}/": 0, webhooks.HOOKS: webhooks.MOST_DELIVERED}
    app.add_middleware(BodyLimit, larger=larger)
    app.add_middleware(Incidents)
    app.add_middleware(SecurityHeaders)
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name
