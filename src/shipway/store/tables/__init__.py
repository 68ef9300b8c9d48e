"""The schema. Migrations under `migrations/` bring a database to it; a test compares the two.

One file per cluster of tables that are written together. Importing any of them imports them all, so that `metadata` is whole.
"""

from shipway.store.tables.accounts import credentials, memberships, users
from shipway.store.tables.columns import metadata
from shipway.store.tables.config import (
    build_secrets,
    config_changes,
    config_files,
    config_vars,
    contents,
    environment_vars,
    secret_files,
    secret_versions,
    secrets,
)
from shipway.store.tables.deployments import builds, deployments, queue, release_marks, releases, steps
from shipway.store.tables.git_pushes import git_pushes
from shipway.store.tables.one_off_runs import one_off_runs
from shipway.store.tables.rollouts import restarts, rollouts
from shipway.store.tables.services import hosts, services
from shipway.store.tables.tenancy import environments, projects, registry_credentials, workspaces
from shipway.store.tables.triggers import deliveries, deploy_urls, outcomes, webhooks
from shipway.store.tables.volumes import volumes

__all__ = [
    "build_secrets",
    "builds",
    "config_changes",
    "config_files",
    "config_vars",
    "contents",
    "credentials",
    "deliveries",
    "deploy_urls",
    "deployments",
    "environment_vars",
    "environments",
    "git_pushes",
    "hosts",
    "memberships",
    "metadata",
    "one_off_runs",
    "outcomes",
    "projects",
    "queue",
    "registry_credentials",
    "release_marks",
    "releases",
    "restarts",
    "rollouts",
    "secret_files",
    "secret_versions",
    "secrets",
    "services",
    "steps",
    "users",
    "volumes",
    "webhooks",
    "workspaces",
]
