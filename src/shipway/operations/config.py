"""Config vars: what the next release, or the next build, will be given."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from shipway.builders.client_inputs import steers_the_client
from shipway.domain.errors import Invalid
from shipway.domain.names import ServicePath
from shipway.operations import access
from shipway.operations.access import Actor
from shipway.pipeline.platform import Platform
from shipway.store import build_secrets as secrets
from shipway.store import config
from shipway.store.database import Tx
from shipway.store.sealing import sealer

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")
#: Set by Shipway on every instance; setting them would be of no effect (S5.3).
_RESERVED = re.compile(r"PORT|SHIPWAY(_.*)?")
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    """A service's config as it is now."""

    values: Mapping[str, str]
    #: Names of the values that builds get as arguments, too.
    buildtime: tuple[str, ...]
    #: Names of what only builds get, to mount; their values are never shown again.
    build_secrets: tuple[str, ...]


async def get_config(platform: Platform, actor: Actor, path: ServicePath) -> ServiceConfig:
    """A service's config as the next release and build will have it."""
    async with platform.database.read() as tx:
        return await _config(tx, (await access.service(tx, actor, path)).id)


async def change_config(
    platform: Platform,
    actor: Actor,
    path: ServicePath,
    *,
    values: Mapping[str, str] = _NOTHING,
    unset: Sequence[str] = (),
    buildtime: Mapping[str, bool] = _NOTHING,
    build_secrets: Mapping[str, str] = _NOTHING,
) -> ServiceConfig:
    """Change several at once, or none of them; it takes effect with the next release or build. Raises `Invalid`.

    `buildtime` says of config vars whether builds get them as arguments; for others that stays as it is.
    """
    _check_values(values, build_secrets)
    _check_named_once(build_secrets, (*values, *unset))
    _check_arguments(name for name, marked in buildtime.items() if marked)
    async with platform.database.write() as tx:
        service = await access.service(tx, actor, path)
        before = await _config(tx, service.id)
        _check_known(path, unset, (*before.values, *before.build_secrets))
        _check_known(path, buildtime, {*before.values, *values} - {*unset})
        await config.change(tx, service.id, values, unset, actor.user.name, marks=buildtime)
        key = await sealer(tx, platform.settings.home)
        await secrets.change(tx, service.id, key, values=build_secrets, unset=unset, actor=actor.user.name)
        return await _config(tx, service.id)


async def _config(tx: Tx, service_id: str) -> ServiceConfig:
    return ServiceConfig(
        await config.current(tx, service_id),
        await config.buildtime(tx, service_id),
        await secrets.names(tx, service_id),
    )


def _check_values(*several: Mapping[str, str]) -> None:
    for name, value in (pair for values in several for pair in values.items()):
        _check_name(name)
        if "\0" in value:
            raise Invalid(f"The value of {name} holds a NUL byte.", hint="Environment variables can't; use text.")


def _check_named_once(build_secrets: Collection[str], others: Collection[str]) -> None:
    if twice := [name for name in build_secrets if name in others]:
        raise Invalid(f"{twice[0]} is named twice.", hint="Change its config var and its build secret one by one.")


def _check_arguments(names: Iterable[str]) -> None:
    if steering := [name for name in names if steers_the_client(name)]:
        raise Invalid(
            f"{steering[0]} can't be a build argument: it would steer the builder itself.",
            hint="For proxies there are the server's settings build_http_proxy and build_https_proxy; "
            "for anything else, choose another name.",
        )


def _check_known(path: ServicePath, names: Collection[str], known: Collection[str]) -> None:
    if unknown := [name for name in names if name not in known]:
        raise Invalid(f"{unknown[0]} is not set on {path}.", hint="`shipway config` lists what is.")


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise Invalid(
            f"{name!r} can't name a config var.", hint="Use letters, digits and _, not starting with a digit."
        )
    if _RESERVED.fullmatch(name):
        raise Invalid(
            f"{name} is set by Shipway itself.", hint="For the port use `shipway services set PATH --port N`."
        )
