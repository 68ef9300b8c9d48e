"""An environment as a file: all that describes it, and no secret value (`shipway export`)."""

from collections.abc import Iterator, Mapping

from shipway.domain.config import Var
from shipway.domain.description import Description, limits, said, variables
from shipway.domain.desired import ServiceState
from shipway.domain.leaks import exposed
from shipway.domain.names import EnvironmentPath
from shipway.domain.service import Service
from shipway.domain.toml_text import tables
from shipway.operations import access
from shipway.operations.access import Actor
from shipway.operations.services import default_hosts
from shipway.pipeline.platform import Platform
from shipway.store import build_secrets, config, config_files, contents, secret_bindings, services
from shipway.store.database import Tx


async def export(platform: Platform, actor: Actor, path: EnvironmentPath) -> str:
    """The text of a `shipway.toml` that makes another environment like this one; applied to this one it changes nothing.

    Values that look like credentials are left out, and named."""
    async with platform.database.read() as tx:
        environment = await access.environment(tx, actor, path.workspace, path.project, path.environment)
        shared = await config.own(tx, environment)
        known = await services.listed(tx, environment_id=environment.id)
        limited = {key: value for key, value in limits(environment.limits).items() if value}
        parts = [
            [f"# {path}, as `shipway export` found it. `shipway docs` explains each key."],
            [*tables(limited)],
            [*_left_out(shared), *tables(_safe(shared))],
            *[await _service(tx, platform, each) for each in known if not each.deleting],
        ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


async def state_of(tx: Tx, platform: Platform, service: Service) -> ServiceState:
    """All of a service that a file can describe."""
    stored = await config_files.current(tx, service.id)
    texts = await contents.fetch(tx, service.workspace_id, set(stored.values()))
    given = len(service.hosts) == 1 and service.hosts[0] in default_hosts(platform, service.path)
    return ServiceState(
        source=service.source,
        hosts=None if given else service.hosts,
        settings=service.settings,
        scale=service.scale,
        config=await config.own(tx, service),
        files={path: texts[digest].decode() for path, digest in stored.items()},
        secret_files=(await secret_bindings.own(tx, service)).files,
    )


async def _service(tx: Tx, platform: Platform, service: Service) -> list[str]:
    state = await state_of(tx, platform, service)
    builds_only = await build_secrets.names(tx, service.id)
    name = service.path.service
    shown = {key: value for key, value in said(state).items() if key[0] != "config"}
    notes = [
        f"# The build secret {each} is not in this file: `shipway config set {service.path} --build-secret {each}=…`"
        for each in builds_only
    ]
    return [
        *notes,
        *_left_out(state.config),
        *tables({("services", name, *key): value for key, value in {**shown, **_safe(state.config)}.items()}),
    ]


def _safe(config: Mapping[str, Var]) -> Description:
    hidden = {each.name for each in exposed(_values(config))}
    return variables({name: var for name, var in config.items() if name not in hidden})


def _left_out(config: Mapping[str, Var]) -> Iterator[str]:
    for each in exposed(_values(config)):
        yield f"# The config var {each.name} is left out: {each.reason}. {each.hint}"


def _values(config: Mapping[str, Var]) -> dict[str, str]:
    return {name: var.value for name, var in config.items() if not var.reference}
