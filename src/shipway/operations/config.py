"""Config vars: what the next release will be given."""

import re
from collections.abc import Mapping, Sequence

from shipway.domain.errors import Invalid
from shipway.domain.names import ServicePath
from shipway.operations import access
from shipway.operations.access import Actor
from shipway.pipeline.platform import Platform
from shipway.store import config

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")
#: Set by Shipway on every instance; setting them would be of no effect (S5.3).
_RESERVED = re.compile(r"PORT|SHIPWAY(_.*)?")


async def get_config(platform: Platform, actor: Actor, path: ServicePath) -> dict[str, str]:
    """A service's config vars as the next release will have them."""
    async with platform.database.read() as tx:
        return await config.current(tx, (await access.service(tx, actor, path)).id)


async def change_config(
    platform: Platform, actor: Actor, path: ServicePath, *, values: Mapping[str, str], unset: Sequence[str] = ()
) -> dict[str, str]:
    """Set and unset several at once, or none of them. They take effect with the next release."""
    for name in values:
        _check_name(name)
        if "\0" in values[name]:
            raise Invalid(f"The value of {name} holds a NUL byte.", hint="Environment variables can't; use text.")
    async with platform.database.write() as tx:
        service = await access.service(tx, actor, path)
        known = await config.current(tx, service.id)
        if unknown := [name for name in unset if name not in known]:
            raise Invalid(f"{unknown[0]} is not set on {path}.", hint="`shipway config` lists what is.")
        await config.change(tx, service.id, values, unset, actor.user.name)
        return await config.current(tx, service.id)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise Invalid(
            f"{name!r} can't name a config var.", hint="Use letters, digits and _, not starting with a digit."
        )
    if _RESERVED.fullmatch(name):
        raise Invalid(
            f"{name} is set by Shipway itself.", hint="For the port use `shipway services set PATH --port N`."
        )
