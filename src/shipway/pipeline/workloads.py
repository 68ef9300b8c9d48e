"""From a release to the workloads an engine is given. Pure: the same release, and the same delivery of what it names, make the
same workloads for ever."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from shipway.domain.deployment import Deployment
from shipway.domain.names import ServicePath
from shipway.domain.process import WEB, argv
from shipway.domain.release import Release
from shipway.domain.service import Service
from shipway.domain.workload import Owner, Workload
from shipway.pipeline.delivery import Delivery
from shipway.pipeline.situation import file_set
from shipway.settings import Settings


def same_workloads(
    service: Service,
    deployment: Deployment,
    release: Release,
    settings: Settings,
    delivered: Delivery,
    *,
    names: Collection[str],
    restart: bool,
) -> tuple[Workload, ...]:
    """The workloads of those names, whatever the service is scaled to by now."""
    highest: dict[str, int] = {}
    for name in names:
        _, process, ordinal = name.rsplit(".", 2)
        highest[process] = max(int(ordinal), highest.get(process, 0))
    none = {process.name: 0 for process in release.processes}
    made = workloads(replace(service, scale=none | highest), deployment, release, settings, delivered, restart=restart)
    return tuple(workload for workload in made if workload.name in names)


def workloads(
    service: Service,
    deployment: Deployment,
    release: Release,
    settings: Settings,
    delivered: Delivery,
    *,
    restart: bool = False,
) -> tuple[Workload, ...]:
    """One workload for each instance the service is scaled to, `web` first, then by name and ordinal."""
    types = {process.name: process for process in release.processes}
    return tuple(
        _workload(
            service,
            deployment,
            release,
            settings,
            delivered,
            process=name,
            ordinal=ordinal,
            command=types[name].command,
            restart=restart,
        )
        for name, count in counts(service, release).items()
        for ordinal in range(1, count + 1)
    )


def counts(service: Service, release: Release) -> dict[str, int]:
    """Instances that the service is to have of each process type of a release, `web` first, then by name."""
    types = sorted(release.processes, key=lambda process: (process.name != WEB, process.name))
    return {process.name: service.scale_of(process.name, process.quantity) for process in types}


def instance_names(path: ServicePath, release: int, deployment: int, scale: Mapping[str, int]) -> tuple[str, ...]:
    """Names of so many instances of each process type, in the same order."""
    return tuple(
        _name(path, release, deployment, process, ordinal)
        for process, count in scale.items()
        for ordinal in range(1, count + 1)
    )


def _name(path: ServicePath, release: int, deployment: int, process: str, ordinal: int) -> str:
    return f"{path.dotted}.v{release}.d{deployment}.{process}.{ordinal}"


def release_command_name(service: Service, deployment: Deployment, release: Release) -> str:
    """Of the one-off that runs the release command of a release."""
    return _name(service.path, release.number, deployment.number, "release", 1)


def release_command_workload(
    service: Service, deployment: Deployment, release: Release, settings: Settings, delivered: Delivery
) -> Workload:
    """The one-off itself."""
    return _workload(
        service,
        deployment,
        release,
        settings,
        delivered,
        process="release",
        ordinal=1,
        command=release.release_command,
        restart=False,
    )


def _workload(
    service: Service,
    deployment: Deployment,
    release: Release,
    settings: Settings,
    delivered: Delivery,
    *,
    process: str,
    ordinal: int,
    command: str,
    restart: bool,
) -> Workload:
    path = service.path
    name = _name(path, release.number, deployment.number, process, ordinal)
    environment = instance_environment(
        service, deployment.id, release, settings, delivered, process=process, instance=name
    )
    return Workload(
        name=name,
        owner=Owner(service.id, deployment.id, process, str(path), release.number),
        image=release.image.reference,
        command=argv(command, environment, delivered.secret_names),
        environment=environment,
        secret_files=delivered.secret_files,
        network=path.network,
        aliases=(f"{path.service}.{path.environment}.internal", path.service) if process == WEB else (),
        resources=release.settings.resources,
        capabilities=release.settings.capabilities,
        restart=restart,
        hostname=f"{process}-{ordinal}",
        stop_grace=release.settings.grace_of(process),
        files=file_set(name),
    )


def instance_environment(
    service: Service,
    deployment_id: str,
    release: Release,
    settings: Settings,
    delivered: Delivery,
    *,
    process: str,
    instance: str,
) -> dict[str, str]:
    """What the release is given, then what is always set (S5.3): an app can rely on it."""
    path = service.path
    return dict(delivered.environment) | {
        "PORT": str(release.port),
        "SHIPWAY": "1",
        "SHIPWAY_WORKSPACE": path.workspace,
        "SHIPWAY_PROJECT": path.project,
        "SHIPWAY_ENVIRONMENT": path.environment,
        "SHIPWAY_SERVICE": path.service,
        "SHIPWAY_PROCESS": process,
        "SHIPWAY_INSTANCE": instance,
        "SHIPWAY_RELEASE": str(release.number),
        "SHIPWAY_DEPLOYMENT_ID": deployment_id,
        "SHIPWAY_COMMIT": release.commit,
        "SHIPWAY_CONFIG_HASH": release.config_hash,
        "SHIPWAY_PUBLIC_URL": settings.app_url(service.hosts[0]) if service.hosts else "",
    }
