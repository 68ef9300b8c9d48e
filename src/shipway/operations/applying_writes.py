"""What an apply writes, within one transaction: services, then what they are given."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from shipway.domain.config import Holder, Var
from shipway.domain.config_file import config_content, config_path
from shipway.domain.deployment import Deployment
from shipway.domain.description import Change
from shipway.domain.desired import ServiceState
from shipway.domain.errors import Invalid
from shipway.domain.names import ServicePath
from shipway.domain.service import Service
from shipway.domain.source import Revision, UploadSource
from shipway.operations import config_checks
from shipway.operations.access import Actor
from shipway.operations.config_files import change_in
from shipway.operations.deployments import last_upload
from shipway.operations.git_pushes import check_pushed
from shipway.operations.planning import check_counts
from shipway.operations.queueing import ask
from shipway.operations.reconfiguring import reconfigure_in
from shipway.operations.secrets import check_names
from shipway.operations.services import add_service, check_source, default_host
from shipway.pipeline.platform import Platform
from shipway.store import config, secret_bindings, services
from shipway.store.database import Tx


@dataclass(frozen=True, slots=True)
class Step:
    """One service as it is and as it is to be."""

    path: ServicePath
    #: `None`: it is to be made.
    service: Service | None
    before: ServiceState
    after: ServiceState
    changes: tuple[Change, ...]
    missing: tuple[Change, ...]

    @property
    def keeps_the_code(self) -> bool:
        """Whether it changes no more than what instances are given, and how many there are."""
        given = {name: getattr(self.after, name) for name in ("config", "files", "secret_files", "scale")}
        return self.service is not None and replace(self.before, **given) == self.after


@dataclass(frozen=True, slots=True)
class Due:
    """A service to deploy."""

    service: Service
    #: Its source as it is by now; else the code that is live, with today's config.
    from_source: bool


async def write(tx: Tx, platform: Platform, actor: Actor, steps: Iterable[Step]) -> None:
    """All of it. Hosts are taken from everybody first, so that two services may swap them."""
    written = [(await _write(tx, platform, actor, each), each) for each in steps if each.changes or not each.service]
    moved = [(service, each.after.hosts) for service, each in written if each.before.hosts != each.after.hosts]
    for service, _ in moved:
        await services.set_hosts(tx, service.id, [])
    for service, hosts in moved:
        chosen = [await default_host(tx, platform, service.path)] if hosts is None else hosts
        await services.set_hosts(tx, service.id, chosen)
    for service, each in written:
        await _write_given(tx, service, actor, each)


async def write_vars(tx: Tx, holder: Holder, actor: Actor, before: Mapping[str, Var], after: Mapping[str, Var]) -> None:
    """Config vars, of a service or of an environment; those that are so already are not written."""
    news = {name: var for name, var in after.items() if before.get(name) != var and not var.reference}
    gone = [name for name in before if name not in after]
    values = {name: var.value for name, var in news.items()}
    config_checks.check_values(values)
    config_checks.check_arguments(name for name, var in news.items() if var.buildtime)
    marks = {name: var.buildtime for name, var in news.items()}
    await config.change(tx, holder, values, gone, actor.user.name, marks=marks)
    config_checks.check_room(getattr(holder, "path", "the environment"), after)
    await _bind(tx, holder, actor, before, after)


async def deploy(
    tx: Tx, platform: Platform, actor: Actor, due: Sequence[Due]
) -> tuple[tuple[tuple[ServicePath, Deployment], ...], tuple[str, ...]]:
    """A deployment of each, and the names of those that nothing was uploaded to yet. The caller tells the worker."""
    made: list[tuple[ServicePath, Deployment]] = []
    to_upload: list[str] = []
    for each in due:
        service = each.service
        if not each.from_source:
            made.append((service.path, await reconfigure_in(tx, platform, actor, service)))
            continue
        try:
            is_upload = isinstance(service.source, UploadSource)
            revision = await last_upload(tx, service) if is_upload else Revision()
            await check_pushed(tx, service)
        except Invalid:
            to_upload.append(service.path.service)
        else:
            made.append((service.path, await ask(tx, platform, actor, service, "deploy", revision=revision)))
    return tuple(made), tuple(to_upload)


async def _write(tx: Tx, platform: Platform, actor: Actor, step: Step) -> Service:
    after = step.after
    if after.scale:
        check_counts(dict(after.scale))
    if step.service is None:
        made = await add_service(tx, platform, actor, step.path, after.source, settings=after.settings)
        await services.change(tx, made.id, scale=dict(after.scale))
        return made
    check_source(platform, actor, step.path, after.source)
    await services.change(tx, step.service.id, source=after.source, settings=after.settings, scale=dict(after.scale))
    return step.service


async def _bind(tx: Tx, holder: Holder, actor: Actor, before: Mapping[str, Var], after: Mapping[str, Var]) -> None:
    """Those of them that are secrets; nobody else changes them since `config.change`."""
    news = {name: var.reference for name, var in after.items() if var.reference and before.get(name) != var}
    check_names(news, ())
    for name, reference in news.items():
        await secret_bindings.bind(tx, holder, "variable", name, reference, actor=actor.user.name)


async def _write_given(tx: Tx, service: Service, actor: Actor, step: Step) -> None:
    """Config vars, secrets and config files."""
    before, after = step.before, step.after
    await write_vars(tx, service, actor, before.config, after.config)
    check_names((), after.secret_files)
    for name in sorted({*before.secret_files, *after.secret_files}):
        if before.secret_files.get(name) != after.secret_files.get(name):
            wanted = after.secret_files.get(name, "")
            await secret_bindings.bind(tx, service, "file", name, wanted, actor=actor.user.name)
    contents = {config_path(path): config_content(path, text) for path, text in after.files.items()}
    await change_in(tx, service, contents, [path for path in before.files if path not in after.files], actor)
