"""Making an environment what a file says (`shipway.toml`), and telling first what that would change.

A plan is an apply that is not kept: the same reads, checks and writes in one transaction, which is rolled back. So whatever
would be refused is refused by the plan already, and an apply does all of it or nothing.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from shipway.domain.config import Var
from shipway.domain.description import described, differences, limits, said, variables
from shipway.domain.desired import Wanted, WantedEnvironment, blank, overlaid, overlaid_vars
from shipway.domain.errors import Conflict, Invalid, NotFound, SecretMissing, WouldBin
from shipway.domain.leaks import exposed
from shipway.domain.names import EnvironmentPath, ServicePath
from shipway.domain.secret import secret_reference
from shipway.domain.settings_rules import check_settings
from shipway.domain.tenancy import Environment
from shipway.domain.volume import Place
from shipway.operations import access, applying_writes, tenancy
from shipway.operations.access import Actor
from shipway.operations.applied import Applied, ServiceChange
from shipway.operations.applying_due import due
from shipway.operations.applying_writes import Step
from shipway.operations.described import state_of
from shipway.operations.looking import look
from shipway.operations.volumes import would_bin
from shipway.pipeline import topics
from shipway.pipeline.platform import Platform
from shipway.store import config, config_changes, secrets, services
from shipway.store import tenancy as store_tenancy
from shipway.store.database import Tx


class _NotKept(Exception):
    """Rolls a plan back."""


async def apply(
    platform: Platform,
    actor: Actor,
    path: EnvironmentPath,
    wanted: WantedEnvironment,
    *,
    plan: bool = False,
    prune: bool = False,
    deploy: bool = False,
    bins: bool = False,
    expected: str = "",
) -> Applied:
    """All of it or nothing. The environment and its project are made where they are missing; a service that the file does
    not name stays as it is. `prune`: what the file does not say about a service that it names goes back to its default.
    `deploy`: what changed, or is not live, is deployed. `bins`: volumes may go into the bin by it. `expected`: the digest
    of a plan; if it would be another one by now, `Conflict`.

    Raises `SecretMissing` with all that are, `WouldBin`, and whatever creating and changing services raises."""
    await look(platform, actor, path)
    done: list[Applied] = []
    with suppress(_NotKept):
        async with platform.database.write() as tx:
            steps, applied = await _apply(tx, platform, actor, path, wanted, prune=prune)
            done.append(applied)
            if plan:
                raise _NotKept
            _check(platform, applied, bins=bins, expected=expected)
            if deploy:
                found = await due(tx, path, steps, all_live=bool(applied.config))
                made, to_upload = await applying_writes.deploy(tx, platform, actor, found)
                done.append(replace(applied, deployments=made, to_upload=to_upload))
        await platform.routes.reconcile()
        platform.signals.notify(topics.QUEUE)
    return done[-1]


async def _apply(
    tx: Tx, platform: Platform, actor: Actor, path: EnvironmentPath, wanted: WantedEnvironment, *, prune: bool
) -> tuple[list[Step], Applied]:
    environment, created = await _environment(tx, actor, path)
    await _check_secrets(tx, environment, path, wanted, created=created)
    await _hold_still(tx, environment, path, wanted)
    steps = [
        await _decide(tx, platform, ServicePath(path.workspace, path.project, path.environment, name), each, prune)
        for name, each in wanted.services.items()
    ]
    own = await config.own(tx, environment)
    after = overlaid_vars(own, wanted.config, wanted.buildtime)
    await applying_writes.write_vars(tx, environment, actor, own, after)
    limited = replace(environment.limits, **wanted.limits)
    await store_tenancy.set_limits(tx, environment.id, limited)
    await applying_writes.write(tx, platform, actor, steps)
    known = [each for each in await services.listed(tx, environment_id=environment.id) if not each.deleting]
    return steps, Applied(
        path,
        created,
        tuple(ServiceChange(each.path, each.service is None, each.changes, each.missing) for each in steps),
        differences({**limits(environment.limits), **variables(own)}, {**limits(limited), **variables(after)}),
        tuple(each.path.service for each in known if each.path.service not in wanted.services),
        exposed({name: var.value for name, var in _all_vars(wanted).items() if not var.reference}),
        await _bins(tx, steps),
    )


async def _hold_still(tx: Tx, environment: Environment, path: EnvironmentPath, wanted: WantedEnvironment) -> None:
    """Nobody else changes what was read before it is written. By name, and the environment last, as everybody does who
    changes a service: so nobody waits for one who waits for him."""
    for name in sorted(wanted.services):
        service = await services.by_path(tx, ServicePath(path.workspace, path.project, path.environment, name))
        if service:
            await config_changes.one_at_a_time(tx, service)
    await config_changes.one_at_a_time(tx, environment)


async def _environment(tx: Tx, actor: Actor, path: EnvironmentPath) -> tuple[Environment, bool]:
    try:
        return await access.environment(tx, actor, path.workspace, path.project, path.environment), False
    except NotFound:
        parts = path.workspace, path.project, path.environment
        return (await tenancy.ensure_environment(tx, actor, *parts))[1], True


async def _decide(tx: Tx, platform: Platform, path: ServicePath, wanted: Wanted, prune: bool) -> Step:
    """What is to become of one service."""
    service = await services.by_path(tx, path)
    before = await state_of(tx, platform, service) if service else blank(wanted.source)
    if service and before.hosts is None and wanted.hosts == service.hosts:
        wanted = replace(wanted, hosts=None)
    try:
        strict = overlaid(blank(wanted.source or before.source), wanted)
        after = strict if prune else overlaid(before, wanted)
        check_settings(before.settings, after.settings)
    except (Invalid, Conflict) as error:
        raise type(error)(f"services.{path.service}: {error.message}", hint=error.hint) from error
    return Step(
        path,
        service,
        before,
        after,
        differences(described(before), described(after)) if service else differences({}, said(after)),
        differences(described(after), described(strict)),
    )


async def _check_secrets(
    tx: Tx, environment: Environment, path: EnvironmentPath, wanted: WantedEnvironment, *, created: bool
) -> None:
    """Raises `SecretMissing` with a command for each."""
    refused: dict[str, str] = {}
    for reference in wanted.references:
        secret = secret_reference(reference)
        try:
            await secrets.pinned(tx, environment.id, secret)
        except Conflict as error:
            refused[secret.name] = error.message
    if refused:
        first = f"`shipway environments create {path}`, then " if created else ""
        commands = ", ".join(f"`shipway secrets set {path} {name}`" for name in refused)
        raise SecretMissing(" ".join(refused.values()), hint=f"Set what is missing: {first}{commands}.")


async def _bins(tx: Tx, steps: Sequence[Step]) -> tuple[Place, ...]:
    found: list[Place] = []
    for each in steps:
        if each.service:
            found += await would_bin(tx, each.service, dict(each.after.scale))
    return tuple(found)


def _check(platform: Platform, applied: Applied, *, bins: bool, expected: str) -> None:
    if expected and applied.digest != expected:
        raise Conflict(
            f"{applied.path} is not what it was when this was planned.", hint="Look at `shipway apply --plan` again."
        )
    if applied.bins and not bins:
        raise WouldBin(
            f"This puts volumes into the bin, and {platform.settings.volume_bin_days} days later removes them: "
            f"{', '.join(map(str, applied.bins))}.",
            hint="Confirm it with --yes. Until they are removed, `shipway volumes restore` brings them back.",
        )


def _all_vars(wanted: WantedEnvironment) -> dict[str, Var]:
    own = {name: var for each in wanted.services.values() for name, var in each.config.items()}
    return {**wanted.config, **own}
