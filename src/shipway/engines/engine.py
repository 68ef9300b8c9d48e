"""The engine port: nine verbs and the file sets, each safe to repeat. It knows workloads, not services or users."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

from shipway.domain.capacity import Capacity
from shipway.domain.log import Log
from shipway.domain.workload import Executed, Handed, Instance, InstanceEvent, LogLine, Socket, Workload
from shipway.engines.file_sets import FileSets


class Engine(FileSets, Protocol):
    """Something that runs workloads. Every method may be called concurrently, also for the same name.

    All raise `Unavailable` when the engine does not answer; nothing is known then about whether the effect took
    place, and calling again is always right.
    """

    async def check(self) -> None:
        """Return when the engine answers, else raise `Unavailable` with what to do about it. Called before anything else."""

    async def capacity(self) -> Capacity:
        """The memory and the cores there are for all that runs. Known once, it may be told again without being asked."""

    async def start(self, workload: Workload) -> Instance:
        """Make sure that exactly this workload runs under its name, and return it with its address.

        Ensures its network and its file set (an empty one where none was published) and pulls the image when it is not
        present. An instance of that name that already runs is kept (only its restart policy follows the workload); one
        that was created but not started is started; one that exited is left exited and returned as such, so that a
        candidate's crash is never hidden by a retry, unless the workload is one to be restarted: then it runs again.
        Its volumes are made when missing, empty and writable for the image's user; `Unavailable` while another instance
        runs with one of them: no two ever have one volume. Its secret files are there before its app begins, each time;
        where they got lost (a reboot), nothing but this brings it up again, with those of the workload given now.
        Raises `DeployFailed` (`image-not-found`, `image-pull-denied`, `cannot-start`) when it can never start.
        """

    async def stop(self, name: str, grace: float) -> None:
        """Make sure that nothing of that name is left: SIGTERM, `grace` seconds, SIGKILL, removal. Unknown names are fine.

        A start of that name that is under way ends first; whoever does not want to wait for it cancels it before.
        """

    async def restart(self, name: str, grace: float) -> None:
        """End an instance's app (SIGTERM, `grace` seconds, SIGKILL) and start it again under the same name, at the same
        address, its log going on. One that has exited is started. Unknown names are fine, and nothing is started then.

        It may be down when this raises; what keeps it up otherwise brings it back.
        """

    async def instances(self, *, service: str = "", deployment: str = "") -> list[Instance]:
        """This installation's instances, running or exited, by owner; all of them when neither is given. Sorted by name.

        One-off runs are not among them.
        """

    async def run(self, workload: Workload, log: Log, timeout: float) -> int:
        """Run a one-off to its end, its output going to `log`, and return its exit code.

        Called again with the same name it does not run it twice: it waits for the one that runs, or returns what the
        finished one returned, and repeats the output. Cancelling the call leaves it running. What is left of it stays
        until `stop`. Raises `DeployFailed` (`timeout`) after `timeout` seconds, having ended it.
        """

    async def execute(self, name: str, command: Sequence[str], timeout: float) -> Executed | None:
        """Run a command beside an instance's app: with its files, its user, its environment, and within its limits.

        `None` when no such instance runs. What has not ended after `timeout` seconds is ended with all that it started;
        so it is when the call is cancelled. Where the engine has no means to end it, it stays, and until it is gone every
        further call for that instance tells of it instead of running a second: they never pile up. What writes
        megabytes is not read to its end, and does not end in time.
        """

    def logs(self, name: str, *, follow: bool = False, tail: int | None = None) -> AsyncIterator[LogLine]:
        """What an instance wrote, oldest first: the last `tail` lines (all when `None`), then new ones while `follow`.

        Following goes on over restarts, and ends when the instance has exited for good or was removed. An unknown name
        yields nothing.
        """

    def events(self) -> AsyncIterator[InstanceEvent]:
        """What happens to this installation's instances from this call on. Never ends by itself; ends with `Unavailable`
        when the engine goes away. The caller must tolerate a missed event."""

    async def remove_network(self, network: str) -> None:
        """Make sure that the network is gone. One that is still in use stays, silently."""

    async def close(self) -> None:
        """Let go of connections; nothing that runs is touched."""


@runtime_checkable
class InspectsSockets(Protocol):
    """An engine that can look into an instance's network namespace, for the diagnosis (S7.4)."""

    async def listening(self, name: str) -> list[Socket] | None:
        """The TCP sockets the instance listens on, or `None` when that can't be seen."""


@runtime_checkable
class TellsWhatItHanded(Protocol):
    """An engine that can tell again what it started an instance with."""

    async def handed(self, name: str) -> Handed | None:
        """As long as the instance is there, also when it has exited; `None` for an unknown name. Never to be shown or kept:
        it is asked for to find secrets in what the instance says, once nobody else knows them."""


@runtime_checkable
class InspectsImages(Protocol):
    """An engine that can resolve an image reference before anything is started."""

    async def resolve_image(self, reference: str) -> tuple[str, int]:
        """What `reference` means now: the image by digest (`name@sha256:…`, or `sha256:…` for one that was never in a
        registry), and the one port it EXPOSEs (0 for none or several).

        A tag is asked for at its registry, as it may have moved; where that can't be had, what is present counts.
        Raises `DeployFailed` (`image-not-found`, `image-pull-denied`).
        """


@runtime_checkable
class KeepsImages(Protocol):
    """An engine that keeps the images it pulled, and can let go of them."""

    async def remove_image(self, reference: str) -> bool:
        """Make sure that an image by digest is not kept here under that name, nor its layers where nothing else has them.
        False: an instance, running or not, has it, and it stays. Unknown ones are fine: a start pulls it again."""


@runtime_checkable
class KeepsVolumes(Protocol):
    """An engine on which workloads can have volumes (`Workload.volumes`): these outlive all that runs."""

    async def remove_volume(self, volume: str) -> bool:
        """Make sure that the volume is gone, with all that is in it. False: an instance, running or not, still has it, and
        it stays. Unknown ones are fine."""

    async def volume_sizes(self) -> Mapping[str, int]:
        """Bytes in each of this installation's volumes, by name. It may take seconds."""
