"""Config vars: what the next release, or the next build, will be given. `config_history.py` looks back."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from shipway.domain.config import Holder, Var
from shipway.domain.errors import Invalid
from shipway.domain.leaks import Exposed, exposed
from shipway.domain.names import EnvironmentPath, ServicePath
from shipway.domain.service import Service
from shipway.operations import access
from shipway.operations import config_checks as checks
from shipway.operations.access import Actor
from shipway.pipeline.platform import Platform
from shipway.store import build_secrets as secrets
from shipway.store import config
from shipway.store.database import Tx
from shipway.store.sealing import sealer

#: Whose config is meant: an environment's is for all its services, and a service's own comes first.
ConfigPath = EnvironmentPath | ServicePath
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Config:
    """A service's or an environment's config as it is now, or was at some time."""

    #: In effect, by name.
    vars: Mapping[str, Var]
    #: Names of what only builds get, to mount; their values are never shown again.
    build_secrets: tuple[str, ...] = ()
    #: Values that had better be secrets: of a change those that it set, else all there are.
    warnings: tuple[Exposed, ...] = field(default=())

    @property
    def values(self) -> dict[str, str]:
        """Those that have one; a reference to a secret is none."""
        return {name: var.value for name, var in self.vars.items() if not var.reference}

    @property
    def secrets(self) -> dict[str, str]:
        """References of those that are secrets."""
        return {name: var.reference for name, var in self.vars.items() if var.reference}

    @property
    def environment(self) -> tuple[str, ...]:
        """Names of those that are the environment's."""
        return tuple(name for name, var in self.vars.items() if var.origin == "environment")

    @property
    def buildtime(self) -> tuple[str, ...]:
        """Names of those that builds get as arguments, too."""
        return tuple(name for name, var in self.vars.items() if var.buildtime)


async def get_config(platform: Platform, actor: Actor, path: ConfigPath) -> Config:
    """As the next release and build will have it."""
    async with platform.database.read() as tx:
        return await _config(tx, await holder(tx, actor, path))


async def change_config(
    platform: Platform,
    actor: Actor,
    path: ConfigPath,
    *,
    values: Mapping[str, str] = _NOTHING,
    unset: Sequence[str] = (),
    buildtime: Mapping[str, bool] = _NOTHING,
    build_secrets: Mapping[str, str] = _NOTHING,
) -> Config:
    """Change several at once, or none of them; it takes effect with the next release or build. Raises `Invalid`.

    `buildtime` says of config vars whether builds get them as arguments; for others that stays as it is.
    """
    checks.check_values(values, build_secrets)
    checks.check_named_once(build_secrets, (*values, *unset))
    checks.check_arguments(name for name, marked in buildtime.items() if marked)
    async with platform.database.write() as tx:
        owner = await holder(tx, actor, path)
        own, sealed = await config.own(tx, owner), await _build_secrets(tx, owner)
        _check_known(path, unset, (*own, *sealed))
        _check_known(path, buildtime, {*own, *values} - {*unset})
        checks.check_no_secret(name for name, marked in buildtime.items() if marked and _is_secret(own, values, name))
        await config.change(tx, owner, values, unset, actor.user.name, marks=buildtime)
        checks.check_room(path, await config.own(tx, owner))
        if build_secrets or {*unset} & {*sealed}:
            await _change_build_secrets(tx, platform, actor, owner, values=build_secrets, unset=unset)
        return await _config(tx, owner, written=values)


async def holder(tx: Tx, actor: Actor, path: ConfigPath) -> Holder:
    """Whose config a path means. Raises `NotFound`."""
    if isinstance(path, ServicePath):
        return await access.service(tx, actor, path)
    return await access.environment(tx, actor, path.workspace, path.project, path.environment)


async def _change_build_secrets(
    tx: Tx, platform: Platform, actor: Actor, owner: Holder, *, values: Mapping[str, str], unset: Sequence[str]
) -> None:
    if not isinstance(owner, Service):
        raise Invalid("Build secrets are a service's own.", hint="Set them with the service's path.")
    key = await sealer(tx, platform.settings.home)
    await secrets.change(tx, owner, key, values=values, unset=unset, actor=actor.user.name)


async def _config(tx: Tx, owner: Holder, *, written: Mapping[str, str] | None = None) -> Config:
    known = Config(await config.effective(tx, owner), await _build_secrets(tx, owner))
    warnings = exposed(known.values if written is None else written)
    return Config(known.vars, known.build_secrets, warnings)


async def _build_secrets(tx: Tx, owner: Holder) -> tuple[str, ...]:
    return await secrets.names(tx, owner.id) if isinstance(owner, Service) else ()


def _is_secret(own: Mapping[str, Var], values: Mapping[str, str], name: str) -> bool:
    return name not in values and bool(own[name].reference)


def _check_known(path: ConfigPath, names: Collection[str], known: Collection[str]) -> None:
    if unknown := [name for name in names if name not in known]:
        raise Invalid(
            f"{unknown[0]} is not set on {path}.",
            hint="`shipway config` lists what is, and what is the environment's: that is changed with --environment.",
        )
