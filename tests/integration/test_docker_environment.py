"""Variables arrive in a real container as they were set, to the byte, and as many as are let in."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.support.engines import PATIENCE, DockerLab
from tests.support.variables import AWKWARD, NAMES, VALUES, Run, check_property

from shipway.domain.process import Resources
from shipway.operations.config_checks import MOST_OF_ALL, MOST_OF_ONE

#: What the image, Docker and the engine set themselves.
TAKEN = {"PATH", "HOME", "HOSTNAME", "PWD", "SHLVL", "_", "TINI_KILL_PROCESS_GROUP"}


async def found_in_a_container(docker: DockerLab, environment: Mapping[str, str]) -> dict[bytes, bytes]:
    """What the first process of one that is given these variables has, beside what every one has."""
    written: list[str] = []
    workload = replace(
        docker.workload("app.release", command=("/bin/sh", "-c", "base64 /proc/1/environ")),
        environment=environment,
        resources=Resources(memory=64 * 1024 * 1024, cpus=1.0, pids=64),
    )
    assert await docker.engine.run(workload, written.append, PATIENCE) == 0
    await docker.engine.stop(workload.name, 0)
    entries = base64.b64decode("".join(written)).rstrip(b"\0").split(b"\0")
    found = dict(entry.split(b"=", 1) for entry in entries)
    return {name: value for name, value in found.items() if name.decode() not in TAKEN}


def in_bytes(environment: Mapping[str, str]) -> dict[bytes, bytes]:
    return {name.encode(): value.encode() for name, value in environment.items()}


async def test_the_most_awkward_values_arrive(docker: DockerLab) -> None:
    assert await found_in_a_container(docker, AWKWARD) == in_bytes(AWKWARD)


async def test_any_text_arrives(docker: DockerLab) -> None:
    async def arrive(environment: Mapping[str, str]) -> None:
        assert await found_in_a_container(docker, environment) == in_bytes(environment)

    def property_of(run: Run) -> Callable[[], None]:
        # Many values in each of few containers: they cost a second each. Nothing is shrunk for the same reason.
        @settings(max_examples=5, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
        @given(st.dictionaries(NAMES.filter(lambda name: name not in TAKEN), VALUES, min_size=20, max_size=40))
        def holds(environment: dict[str, str]) -> None:
            run(arrive(environment))

        return holds

    await check_property(property_of)


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_as_much_as_is_let_in_has_room(docker: DockerLab) -> None:
    longest = {"LONGEST": "x" * (MOST_OF_ONE - len("LONGEST=") - 1)}
    # As much as an environment and a service may have together.
    size = 2 * MOST_OF_ALL - MOST_OF_ONE
    environment = longest | {f"NAME{number:05}": "y" * 89 for number in range(size // 100)}

    assert await found_in_a_container(docker, environment) == in_bytes(environment)
