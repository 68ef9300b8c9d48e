"""Environments: the places a project runs in. `deletion.py` deletes them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shipway.domain.config import Holder
from shipway.domain.errors import Invalid
from shipway.domain.names import EnvironmentPath, slug
from shipway.domain.process import Limits
from shipway.domain.secret import secret_reference
from shipway.domain.tenancy import Environment, EnvironmentKind
from shipway.operations import access, secrets
from shipway.operations.access import Actor
from shipway.operations.services import ServiceView, list_services
from shipway.operations.template import Copied, copy_into
from shipway.operations.tenancy import kind_of
from shipway.pipeline.platform import Platform
from shipway.store import config, copying, secret_bindings, services, tenancy
from shipway.store.database import Tx


@dataclass(frozen=True, slots=True)
class EnvironmentView:
    """An environment and what is in it."""

    environment: Environment
    services: tuple[ServiceView, ...]
    #: Config vars that all its services have, by name; of those that are secrets no value.
    variables: tuple[str, ...]
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cloned:
    """An environment that was made after another one."""

    environment: Environment
    #: By path.
    services: tuple[Copied, ...]
    #: Names of the secrets that are to be set in it: what is given one does not deploy before.
    to_set: tuple[str, ...]


async def create_environment(
    platform: Platform,
    actor: Actor,
    path: EnvironmentPath,
    *,
    kind: EnvironmentKind | None = None,
    branch: str = "",
    memory: int = 0,
    cpus: float = 0.0,
) -> Environment:
    """A new environment; its kind is its name where that is one, else development. `memory` and `cpus` are for instances of
    services that say nothing themselves; 0: as everywhere. Raises `Conflict`."""
    async with platform.database.write() as tx:
        home = await access.project(tx, actor, path.workspace, path.project)
        name = slug(path.environment, "environment")
        return await tenancy.create_environment(
            tx, home, name, kind or kind_of(name), branch=branch, limits=Limits(memory, cpus)
        )


async def list_environments(platform: Platform, actor: Actor, workspace: str, project: str) -> list[Environment]:
    """A project's environments."""
    async with platform.database.read() as tx:
        return await tenancy.environments(tx, await access.project(tx, actor, workspace, project))


async def get_environment(platform: Platform, actor: Actor, path: EnvironmentPath) -> EnvironmentView:
    """One environment with its services; raises `NotFound` naming what is missing."""
    async with platform.database.read() as tx:
        environment = await access.environment(tx, actor, path.workspace, path.project, path.environment)
        variables = tuple(await config.own(tx, environment))
    known = await secrets.list_secrets(platform, actor, path)
    inside = await list_services(
        platform, actor, workspace=path.workspace, project=path.project, environment=path.environment
    )
    return EnvironmentView(environment, tuple(inside), variables, tuple(each.name for each in known))


async def change_environment(
    platform: Platform,
    actor: Actor,
    path: EnvironmentPath,
    *,
    kind: EnvironmentKind | None = None,
    branch: str | None = None,
    memory: int | None = None,
    cpus: float | None = None,
) -> Environment:
    """Change what is given. Branch and limits count from the next deployments on; an empty branch: each repository's
    default; limits of 0: as everywhere."""
    async with platform.database.write() as tx:
        found = await access.environment(tx, actor, path.workspace, path.project, path.environment)
        changed = replace(
            found,
            kind=found.kind if kind is None else kind,
            branch=found.branch if branch is None else branch,
            limits=_changed(found.limits, memory, cpus),
        )
        await tenancy.change_environment(tx, changed)
        return changed


async def clone_environment(
    platform: Platform,
    actor: Actor,
    source: EnvironmentPath,
    target: EnvironmentPath,
    *,
    kind: EnvironmentKind | None = None,
    branch: str | None = None,
    memory: int | None = None,
    cpus: float | None = None,
) -> Cloned:
    """A new environment of the same project with services like those of `source`, its config vars, branch and limits, and hosts
    of its own: all of it or, when this raises, nothing. No secret is copied, so what refers to one does so in vain until it
    is set; volumes begin empty; nothing runs. Raises `Conflict` when there is one of that name, `Invalid` across projects."""
    if (source.workspace, source.project) != (target.workspace, target.project):
        raise Invalid(
            f"{target} is in another project than {source}.", hint="An environment is cloned within its project."
        )
    async with platform.database.write() as tx:
        home = await access.project(tx, actor, source.workspace, source.project)
        template = await access.environment(tx, actor, source.workspace, source.project, source.environment)
        name = slug(target.environment, "environment")
        made = await tenancy.create_environment(
            tx,
            home,
            name,
            kind or kind_of(name),
            branch=template.branch if branch is None else branch,
            limits=_changed(template.limits, memory, cpus),
        )
        await copying.copy_environment_vars(tx, template, made, actor.user.name)
        inside = [each for each in await services.listed(tx, environment_id=template.id) if not each.deleting]
        copies = [
            await copy_into(tx, platform, actor, each, replace(each.path, environment=name), by_name=True)
            for each in inside
        ]
        return Cloned(made, tuple(copies), await _referred_to(tx, made, copies))


def _changed(limits: Limits, memory: int | None, cpus: float | None) -> Limits:
    return Limits(limits.memory if memory is None else memory, limits.cpus if cpus is None else cpus)


async def _referred_to(tx: Tx, environment: Environment, inside: Sequence[Copied]) -> tuple[str, ...]:
    """Names of secrets that an environment or services of it refer to, sorted."""
    holders: list[Holder] = [environment, *(each.service for each in inside)]
    bound = [await secret_bindings.own(tx, each) for each in holders]
    references = (text for each in bound for text in (*each.variables.values(), *each.files.values()))
    return tuple(sorted({secret_reference(text).name for text in references}))
