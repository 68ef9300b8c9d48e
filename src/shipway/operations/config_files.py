"""Config files: text that a service's instances find under `/etc/config`, and the release that an edit makes (S5.4)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from shipway.domain.config_file import check_together, config_content, config_path
from shipway.domain.deployment import Deployment
from shipway.domain.errors import Invalid, NotFound
from shipway.domain.names import ServicePath
from shipway.domain.service import Service
from shipway.operations import access
from shipway.operations.access import Actor
from shipway.operations.planning import live_release
from shipway.operations.queueing import enqueue, give_up_same
from shipway.pipeline import topics
from shipway.pipeline.platform import Platform
from shipway.store import config_changes, config_files, contents, deployments
from shipway.store.config_files import FileChange, StoredFile
from shipway.store.database import Tx

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class FileView:
    """A config file without what is in it."""

    stored: StoredFile
    #: Its length in bytes.
    size: int


async def list_files(platform: Platform, actor: Actor, path: ServicePath) -> list[FileView]:
    """A service's, by path, as the next release will have them."""
    async with platform.database.read() as tx:
        return await _listed(tx, await access.service(tx, actor, path))


async def show_file(platform: Platform, actor: Actor, path: ServicePath, name: str) -> tuple[FileView, str]:
    """One with what is in it. Raises `NotFound`."""
    async with platform.database.read() as tx:
        service = await access.service(tx, actor, path)
        found = next((each for each in await _listed(tx, service) if each.stored.path == config_path(name)), None)
        if found is None:
            raise _unknown(path, name)
        digest = found.stored.sha256
        return found, (await contents.fetch(tx, service.workspace_id, [digest]))[digest].decode()


async def file_history(platform: Platform, actor: Actor, path: ServicePath, name: str = "") -> list[FileChange]:
    """Who changed what and when, newest first: of one file, or of all."""
    async with platform.database.read() as tx:
        service = await access.service(tx, actor, path)
        return await config_files.history(tx, service.id, config_path(name) if name else "")


async def change_files(
    platform: Platform,
    actor: Actor,
    path: ServicePath,
    *,
    files: Mapping[str, str] = _NONE,
    delete: Sequence[str] = (),
    deploy: bool = True,
) -> Deployment | None:
    """Set and delete several at once, or none of them. Returns the deployment that lets running instances see them, without
    a restart; `None` when nothing is live, they see them already, or it was not asked for: the next release has them then.
    Raises `Invalid`, `LimitReached` or `NotFound`.
    """
    wanted = {config_path(name): config_content(name, text) for name, text in files.items()}
    gone = [config_path(name) for name in delete]
    _check_named_once(wanted, gone)
    async with platform.database.write() as tx:
        service = await access.service(tx, actor, path)
        changed = await change_in(tx, service, wanted, gone, actor)
        due = deploy and service.live_deployment_id and (changed or await _is_behind(tx, service))
        made = await _deploy(tx, service, actor) if due else None
    platform.signals.notify(topics.QUEUE)
    return made


async def change_in(tx: Tx, service: Service, wanted: Mapping[str, bytes], gone: Sequence[str], actor: Actor) -> bool:
    """The same in a transaction of the caller's; whether anything is not what it was."""
    await config_changes.one_at_a_time(tx, service)
    before = await config_files.current(tx, service.id)
    if unknown := [name for name in gone if name not in before]:
        raise _unknown(service.path, unknown[0])
    kept = {name: await contents.keep(tx, service.workspace_id, content) for name, content in wanted.items()}
    news = {name: digest for name, digest in kept.items() if before.get(name) != digest}
    await config_files.change(tx, service, news, gone, actor.user.name)
    after = await _listed(tx, service)
    check_together({each.stored.path for each in after}, (each.size for each in after))
    return bool(news or gone)


async def _is_behind(tx: Tx, service: Service) -> bool:
    """Whether instances see other files than there are, and nobody is about to change that: these were set with no deployment,
    or theirs failed or gave way to another one."""
    live = await live_release(tx, service)
    coming = any(each.action == "config" for each in await deployments.unfinished(tx, service.id))
    return live is not None and not coming and live.given.files != await config_files.current(tx, service.id)


async def _deploy(tx: Tx, service: Service, actor: Actor) -> Deployment:
    """One that waits already would do no more than this one. Any other has been asked for, and this one waits for it."""
    await give_up_same(tx, service, "config")
    return await enqueue(tx, service, "config", trigger=actor.door, actor=actor.user.name)


async def _listed(tx: Tx, service: Service) -> list[FileView]:
    stored = await config_files.listed(tx, service.id)
    sizes = await contents.sizes(tx, service.workspace_id, {each.sha256 for each in stored})
    return [FileView(each, sizes[each.sha256]) for each in stored]


def _check_named_once(wanted: Collection[str], gone: Sequence[str]) -> None:
    if twice := [name for name in gone if name in wanted or gone.count(name) > 1]:
        raise Invalid(f"{twice[0]} is named twice.", hint="Set it or delete it.")


def _unknown(path: ServicePath, name: str) -> NotFound:
    return NotFound(f"{path} has no config file {name!r}.", hint="`shipway files` lists those that there are.")
