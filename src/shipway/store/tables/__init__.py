"""The schema. Migrations under `migrations/` bring a database to it; a test compares the two.

One file per cluster of tables that are written together. Importing any of them imports them all, so that `metadata` is whole.
"""

from shipway.store.tables.accounts import credentials, memberships, users
from shipway.store.tables.columns import metadata
from shipway.store.tables.deployments import builds, deployments, queue, releases, steps
from shipway.store.tables.rollouts import restarts, rollouts
from shipway.store.tables.services import build_secrets, config_vars, hosts, services
from shipway.store.tables.tenancy import environments, projects, registry_credentials, workspaces

__all__ = [
    "build_secrets",
    "builds",
    "config_vars",
    "credentials",
    "deployments",
    "environments",
    "hosts",
    "memberships",
    "metadata",
    "projects",
    "queue",
    "registry_credentials",
    "releases",
    "restarts",
    "rollouts",
    "services",
    "steps",
    "users",
    "workspaces",
]
