"""From a release to the workloads an engine is given. Pure: the same release makes the same workloads for ever."""

from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from shipway.domain.deployment import Deployment
from shipway.domain.process import WEB, argv
from shipway.domain.release import Release
from shipway.domain.service import Service
from shipway.domain.workload import Owner, Workload
from shipway.settings import Settings


def same_workloads(
    service: Service, deployment: Deployment, release: Release, settings: Settings, names: Collection[str]
) -> tuple[Workload, ...]:
    """The workloads of those names again, whatever the service is scaled to by now, to be kept up from here on."""
    counts = Counter(name.rsplit(".", 2)[1] for name in names)
    made = workloads(replace(service, scale=dict(counts)), deployment, release, settings, restart=True)
    return tuple(workload for workload in made if workload.name in names)


def workloads(
    service: Service, deployment: Deployment, release: Release, settings: Settings, *, restart: bool = False
) -> tuple[Workload, ...]:
    """One workload for each instance the service is scaled to, `web` first, then by name and ordinal."""
    names = sorted((process.name for process in release.processes), key=lambda name: (name != WEB, name))
    types = {process.name: process for process in release.processes}
    return tuple(
        _workload(
            service,
            deployment,
            release,
            settings,
            process=name,
            ordinal=ordinal,
            command=types[name].command,
            restart=restart,
        )
        for name in names
        for ordinal in range(1, service.scale_of(name, types[name].quantity) + 1)
    )


def release_command_workload(
    service: Service, deployment: Deployment, release: Release, settings: Settings
) -> Workload:
    """The one-off that runs the release command of a release."""
    return _workload(
        service,
        deployment,
        release,
        settings,
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
    *,
    process: str,
    ordinal: int,
    command: str,
    restart: bool,
) -> Workload:
    path = service.path
    name = f"{path.dotted}.v{release.number}.d{deployment.number}.{process}.{ordinal}"
    environment = _environment(service, deployment, release, settings, process=process, instance=name)
    return Workload(
        name=name,
        owner=Owner(service.id, deployment.id, process, str(path), release.number),
        image=release.image.reference,
        command=argv(command, environment),
        environment=environment,
        network=path.network,
        aliases=(f"{path.service}.{path.environment}.internal", path.service) if process == WEB else (),
        resources=release.settings.resources,
        capabilities=release.settings.capabilities,
        restart=restart,
        hostname=f"{process}-{ordinal}",
        stop_grace=release.settings.stop_grace,
    )


def _environment(
    service: Service, deployment: Deployment, release: Release, settings: Settings, *, process: str, instance: str
) -> dict[str, str]:
    """The release's config, then what is always set (S5.3): an app can rely on it."""
    path = service.path
    return dict(release.config) | {
        "PORT": str(release.port),
        "SHIPWAY": "1",
        "SHIPWAY_WORKSPACE": path.workspace,
        "SHIPWAY_PROJECT": path.project,
        "SHIPWAY_ENVIRONMENT": path.environment,
        "SHIPWAY_SERVICE": path.service,
        "SHIPWAY_PROCESS": process,
        "SHIPWAY_INSTANCE": instance,
        "SHIPWAY_RELEASE": str(release.number),
        "SHIPWAY_DEPLOYMENT_ID": deployment.id,
        "SHIPWAY_COMMIT": release.commit,
        "SHIPWAY_CONFIG_HASH": release.config_hash,
        "SHIPWAY_PUBLIC_URL": settings.app_url(service.hosts[0]) if service.hosts else "",
    }
