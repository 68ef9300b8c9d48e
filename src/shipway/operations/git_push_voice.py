"""What whoever pushed reads on their terminal: the deployment as it happens, in the voice of its logs."""

from collections.abc import AsyncGenerator, Iterator

from shipway.domain.deployment import POINT_OF_NO_RETURN, UNFINISHED, Deployment
from shipway.domain.errors import ShipwayError
from shipway.domain.git_push import GitPush
from shipway.domain.service import Service
from shipway.operations.access import Actor
from shipway.operations.history import DeploymentView
from shipway.operations.logs import watch_deployment
from shipway.pipeline.platform import Platform

_BANNER, _PROBLEM, _PLAIN = "-----> ", "!     ", "       "


class Lines:
    """Text of steps, as whole lines in the one voice."""

    def __init__(self) -> None:
        self._begun: dict[str, str] = {}

    def add(self, step: str, text: str) -> Iterator[str]:
        """The lines that are whole with this text."""
        *whole, rest = (self._begun.pop(step, "") + text).split("\n")
        if rest:
            self._begun[step] = rest
        return map(voiced, whole)

    def rest(self) -> Iterator[str]:
        """Those that never got to their end."""
        return map(voiced, [self._begun.pop(step) for step in list(self._begun)])


def voiced(line: str) -> str:
    """Banners and problems stand out, all else is below them."""
    line = line.rstrip("\r")
    has_voice = line.startswith((_BANNER.strip(), _PLAIN)) or line.lstrip().startswith(_PROBLEM.strip() + " ")
    return line if has_voice or not line else _PLAIN + line


def problem(error: ShipwayError) -> list[str]:
    """An error of ours, in that voice."""
    told = [error.message, *([error.hint] if error.hint else [])]
    return [_PROBLEM + line for part in told for line in part.splitlines()]


def undeployed(push: GitPush, service: Service) -> list[str]:
    """Why a push was taken and not deployed, and what to do."""
    if push.outcome == "held":
        return [
            f"{_PROBLEM}Pushed, not deployed: automatic deployments are held: {push.reason}.",
            f"{_PLAIN}To go on: `shipway auto-deploy {'resume' if service.following.on else 'on'} {service.path}`",
            f"{_PLAIN}To deploy this push: `shipway services deploy {service.path}`",
        ]
    return [f"{_PROBLEM}Pushed, not deployed: {push.reason}."]


def queued(made: Deployment, push: GitPush, service: Service) -> str:
    """That a deployment was made of it."""
    return f"{_BANNER}Deploying {push.commit[:12]} of {push.branch} to {service.path} (d{made.number})"


async def followed(platform: Platform, actor: Actor, deployment_id: str) -> AsyncGenerator[str | Deployment, None]:
    """Lines as they come, until the deployment is live, ready or over; last, the deployment as it is then."""
    lines, position, last = Lines(), 0, None
    async for news in watch_deployment(platform, actor, deployment_id):
        if not isinstance(news, DeploymentView):
            # That it is live is told at the very end, once.
            for line in lines.add(news.step, "" if news.step == POINT_OF_NO_RETURN else news.text):
                yield line
            continue
        last = news.deployment
        if news.position and news.position != position:
            position = news.position
            yield f"{_BANNER}Waiting for {position} before it"
        if _is_decided(last):
            break
    for line in lines.rest():
        yield line
    if last:
        yield last


def ended(deployment: Deployment, service: Service, url: str) -> list[str]:
    """How it went."""
    name = f"d{deployment.number}"
    if deployment.live_at:
        release = f" (v{deployment.release_number})" if deployment.release_number else ""
        return [f"{_BANNER}Live: {name}{release}{f' at {url}' if url else ''}", *_weakly(deployment)]
    if deployment.state == "ready":
        return [f"{_BANNER}{name} is ready: `shipway promote {service.path}` sends it the traffic"]
    if deployment.state == "superseded":
        return [f"{_BANNER}{name} gave way to a newer deployment"]
    if failure := deployment.failure:
        step = f" in {failure.step}" if failure.step else ""
        shown = [f"{_PLAIN}{line}" for line in failure.evidence]
        hint = [_PROBLEM + line for line in failure.hint.splitlines()]
        return [f"{_PROBLEM}Deploy failed{step}: {failure.message} ({failure.code})", *hint, *shown]
    return [f"{_PROBLEM}{name} is {deployment.state}"]


def _weakly(deployment: Deployment) -> list[str]:
    return [f"{_PLAIN}Weakly verified: {deployment.weakly_verified}"] if deployment.weakly_verified else []


def _is_decided(deployment: Deployment) -> bool:
    """Whether there is nothing to wait for: what comes after it is live, such as draining, is of no concern to a push."""
    return bool(deployment.live_at) or deployment.state == "ready" or deployment.state not in UNFINISHED
