"""Secrets of an environment (S5.2): set and never shown again, revoked, deleted; and which of them a service is given."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from shipway.domain.config import Holder
from shipway.domain.errors import Conflict, Invalid, NotFound
from shipway.domain.names import EnvironmentPath, ServicePath
from shipway.domain.secret import Secret, SecretUse, secret_name, secret_reference
from shipway.domain.service import Service
from shipway.domain.tenancy import Environment
from shipway.operations import access
from shipway.operations.access import Actor
from shipway.operations.config import ConfigPath, holder
from shipway.operations.looking import look, secret_home
from shipway.pipeline.platform import Platform
from shipway.store import config_changes, releases, resealing, rollouts, secret_bindings, secrets, services
from shipway.store.database import Tx
from shipway.store.secret_bindings import Bindings

#: Bytes: a variable of a process can't be longer (execve(2)), and a file under `/run/secrets` is memory.
MOST = 65_536
_VARIABLE = re.compile(r"(?!(?:PORT|SHIPWAY|SHIPWAY_.*)\Z)[A-Za-z_][A-Za-z0-9_]{0,199}")
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")
_NONE: Mapping[str, str | None] = MappingProxyType({})


async def list_secrets(platform: Platform, actor: Actor, path: EnvironmentPath) -> list[Secret]:
    """All of an environment's, by name, with who uses them. Never a value."""
    await look(platform, actor, path)
    async with platform.database.read() as tx:
        return await _listed(tx, await _environment(tx, actor, path), path)


async def set_secret(platform: Platform, actor: Actor, path: EnvironmentPath, name: str, value: str) -> Secret:
    """A new version of it. Whoever refers to it without a version has it from the next release on; what runs keeps the one it
    has. Raises `Invalid`."""
    secret_name(name)
    _check_value(name, value)
    home = await secret_home(platform, actor, path)
    await platform.vault.put(home, name, value, actor=actor.user.name)
    return await _one(platform, actor, path, name)


async def revoke_secret(platform: Platform, actor: Actor, path: EnvironmentPath, name: str, version: int) -> Secret:
    """Forget a version's value for ever: no instance is started with it again, by no rollback either. What runs with it goes
    on until it is replaced; `used_by` says who that is. Revoking it again changes nothing. Raises `SecretMissing`."""
    home = await secret_home(platform, actor, path)
    await platform.vault.revoke(home, name, version, actor=actor.user.name)
    return await _one(platform, actor, path, name)


async def delete_secret(platform: Platform, actor: Actor, path: EnvironmentPath, name: str) -> None:
    """Forget it with all its versions. Raises `SecretMissing`, and `Conflict` while something uses it: what is to be of no
    use at once is revoked instead."""

    async def check(tx: Tx) -> None:
        environment = await _environment(tx, actor, path)
        used = [use for use in await _uses(tx, environment, path) if secret_reference(use.reference).name == name]
        if used:
            how = f"release v{used[0].release}" if used[0].release else f"the {used[0].kind} {used[0].name}"
            raise Conflict(
                f"{name} is used by {how} of {used[0].path}.",
                hint="Unbind it and deploy, then delete it. `shipway secrets revoke` makes a version useless at once.",
            )

    home = await secret_home(platform, actor, path)
    await platform.vault.remove(home, name, actor=actor.user.name, check=check)


async def list_bindings(platform: Platform, actor: Actor, path: ConfigPath) -> Bindings:
    """Which secrets the service's next release is given, and as what; also by variables of its environment. Of an environment:
    which its services are given in common."""
    async with platform.database.read() as tx:
        return await _effective(tx, await holder(tx, actor, path))


async def change_bindings(
    platform: Platform,
    actor: Actor,
    path: ConfigPath,
    *,
    variables: Mapping[str, str | None] = _NONE,
    files: Mapping[str, str | None] = _NONE,
) -> Bindings:
    """Bind each variable or file to a reference, or with `None` no longer; all of it or nothing. It takes effect with the
    next release: of an environment with that of each of its services that has no variable of that name itself. Files are a
    service's alone. Raises `Invalid`, `NotFound`, `SecretMissing` and `SecretRevoked`."""
    check_names(variables, files)
    home = path.home if isinstance(path, ServicePath) else path
    if files and path == home:
        raise Invalid(
            f"{path} is an environment, and files under /run/secrets are a service's own.",
            hint="Bind it to each service that needs it as a file, or to a variable for all of them.",
        )
    await look(platform, actor, home)
    async with platform.database.write() as tx:
        owner = await holder(tx, actor, path)
        await config_changes.one_at_a_time(tx, owner)
        await _check_references(tx, owner, [*variables.values(), *files.values()])
        own = await secret_bindings.own(tx, owner)
        _check_bound(path, "variable", variables, own.variables)
        _check_bound(path, "file", files, own.files)
        for name, reference in variables.items():
            await secret_bindings.bind(tx, owner, "variable", name, reference or "", actor=actor.user.name)
        for name, reference in files.items():
            await secret_bindings.bind(tx, owner, "file", name, reference or "", actor=actor.user.name)
        return await _effective(tx, owner)


async def rotate_key(platform: Platform, actor: Actor) -> int:
    """Seal everything this installation holds with a new key; how many values. Raises `Forbidden` for all but an
    administrator."""
    access.require_admin(actor)
    return await resealing.rotate_key(platform.database, platform.settings.home)


async def _environment(tx: Tx, actor: Actor, path: EnvironmentPath) -> Environment:
    return await access.environment(tx, actor, path.workspace, path.project, path.environment)


async def _listed(tx: Tx, environment: Environment, path: EnvironmentPath) -> list[Secret]:
    uses = await _uses(tx, environment, path)
    return [
        Secret(name, versions, tuple(use for use in uses if secret_reference(use.reference).name == name))
        for name, versions in (await secrets.listed(tx, environment.id)).items()
    ]


async def _one(platform: Platform, actor: Actor, path: EnvironmentPath, name: str) -> Secret:
    async with platform.database.read() as tx:
        known = await _listed(tx, await _environment(tx, actor, path), path)
    found = next((each for each in known if each.name == name), None)
    if found is None:
        raise NotFound(
            f"Somebody else has deleted {path}/{name} meanwhile.", hint="`shipway secrets` lists what there is."
        )
    return found


async def _uses(tx: Tx, environment: Environment, path: EnvironmentPath) -> list[SecretUse]:
    """What runs comes first, then what the next releases will take."""
    known = {service.id: service for service in await services.listed(tx, environment_id=environment.id)}
    live = [each for each in await rollouts.live(tx) if each.service_id in known]
    made = await releases.of_deployments(tx, [each.deployment_id for each in live])
    running = [
        use
        for release in made.values()
        for use in _as_uses(
            Bindings(release.given.secrets, release.given.secret_files),
            str(known[release.service_id].path),
            release.number,
        )
    ]
    shared = _as_uses(await secret_bindings.own(tx, environment), str(path), None)
    set_so_far = [
        use
        for service in known.values()
        for use in _as_uses(await secret_bindings.own(tx, service), str(service.path), None)
    ]
    return [*running, *shared, *set_so_far]


def _as_uses(bindings: Bindings, path: str, release: int | None) -> Iterable[SecretUse]:
    for name, reference in bindings.variables.items():
        yield SecretUse(path, release, "variable", name, reference)
    for name, reference in bindings.files.items():
        yield SecretUse(path, release, "file", name, reference)


def _check_value(name: str, value: str) -> None:
    if not value:
        raise Invalid(f"The value of {name} is empty.", hint="To take it away there is `shipway secrets delete`.")
    if "\0" in value:
        raise Invalid(
            f"The value of {name} holds a NUL byte.", hint="Environment variables can't; use text, or Base64."
        )
    if len(value.encode(errors="surrogatepass")) > MOST:
        raise Invalid(f"The value of {name} has more than {MOST} bytes.", hint="Keep what is large in a volume.")


def check_names(variables: Iterable[str], files: Iterable[str]) -> None:
    """Raise `Invalid` for what can't be the name of a variable, or of a file under `/run/secrets`."""
    if bad := [name for name in variables if not _VARIABLE.fullmatch(name)]:
        raise Invalid(
            f"{bad[0]!r} can't be a variable of a service.",
            hint="Use letters, digits and _, not starting with a digit; PORT and SHIPWAY_* are set by Shipway itself.",
        )
    if bad := [name for name in files if not _FILE.fullmatch(name)]:
        raise Invalid(
            f"{bad[0]!r} can't name a file under /run/secrets.",
            hint="Use letters, digits, _, - and ., no folders, and no dot first.",
        )


async def _effective(tx: Tx, owner: Holder) -> Bindings:
    if isinstance(owner, Service):
        return await secret_bindings.effective(tx, owner)
    return await secret_bindings.own(tx, owner)


async def _check_references(tx: Tx, owner: Holder, references: Iterable[str | None]) -> None:
    environment_id = owner.environment_id if isinstance(owner, Service) else owner.id
    for text in references:
        if text is not None:
            await secrets.pinned(tx, environment_id, secret_reference(text))


def _check_bound(path: ConfigPath, what: str, wanted: Mapping[str, str | None], own: Mapping[str, str]) -> None:
    if unknown := [name for name, reference in wanted.items() if reference is None and name not in own]:
        raise NotFound(
            f"{path} has no {what} {unknown[0]} of its own that is a secret.",
            hint="`shipway secrets` lists what is bound; what is the environment's is unbound with --environment.",
        )
