"""Everything that Shipway's API shows of two services, searched for secrets."""

import re
from collections.abc import AsyncIterator, Iterator
from functools import cache
from itertools import product
from types import SimpleNamespace
from typing import cast

from tests.support.asgi import Api, api_over
from tests.support.release_place import Place
from tests.support.release_world import World

from shipway.api.app import create_app
from shipway.pipeline.platform import Platform

#: Deployments and releases that are looked at of each service: the newest.
_NEWEST = 2
#: What tells nothing of services, or what is looked at as a file (`check_disk`) and in `/events`.
_LEFT_OUT = ("/registry/token", "/tokens", "/builds/{number}/{attestation}", "/steps/{step}/log")


async def shown_secrets(world: World) -> list[str]:
    """The addresses whose answers hold one."""
    needles = world.needles()
    async with api_over(world.stack) as api:
        return [address async for address, text in _answers(api, world) if any(needle in text for needle in needles)]


async def _answers(api: Api, world: World) -> AsyncIterator[tuple[str, str]]:
    for place in world.places.values():
        for address in sorted(set(_addresses(place))):
            answer = await api("GET", address)
            assert answer.status_code in (200, 404), f"{address}: {answer.text}"
            yield address, answer.text
        service = _named(
            "/workspaces/{workspace}/projects/{project}/environments/{environment}/services/{service}", place
        )
        bodies = [{"action": "deploy"}, {"action": "restart"}, {"action": "scale", "counts": {"web": 2}}]
        bodies += [{"action": "rollback", "config": mode} for mode in ("snapshot", "current")]
        for body in bodies:
            answer = await api("POST", f"{service}/plan", json=body)
            assert answer.status_code in (200, 409), answer.text
            yield f"{service}/plan", answer.text


def _addresses(place: Place) -> Iterator[str]:
    """All that can be read, with all that its parameters can be."""
    newest = sorted(place.deployments)[-_NEWEST:]
    known = {
        "deployment": [place.deployments[number] for number in newest],
        "release": [str(number) for number in sorted(place.service.releases)[-_NEWEST:]],
        "number": ["1"],
        # None is asked for here.
        "run": [],
    }
    for template in _readable():
        address = _named(template, place)
        names = re.findall(r"\{(\w+)\}", address)
        for values in product(*(known[name] for name in names)):
            yield _queried(address.format(**dict(zip(names, values, strict=True))), place)


@cache
def _readable() -> list[str]:
    """As the API describes itself."""
    app = create_app(cast(Platform, SimpleNamespace(settings=SimpleNamespace(url=""))))
    paths = app.openapi()["paths"].items()
    return [path for path, methods in paths if "get" in methods and not path.endswith(_LEFT_OUT)]


def _queried(address: str, place: Place) -> str:
    if address.endswith(("/pipeline/metrics", "/pipeline/status")):
        return f"{address}?service={place.path.service}&env={place.path.environment}"
    if address.endswith("/difference"):
        return f"{address}?since=1"
    return f"{address}?file=app.toml" if address.endswith("/files/content") else address


def _named(template: str, place: Place) -> str:
    path = place.path
    names = {
        "workspace": path.workspace,
        "project": path.project,
        "environment": path.environment,
        "service": path.service,
    }
    for name, value in names.items():
        template = template.replace(f"{{{name}}}", value)
    return template
