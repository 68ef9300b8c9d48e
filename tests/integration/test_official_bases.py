"""Official images: their way through a registry. No public one can be reached from where this is tested, so a cache of
Docker Hub stands in for it, holding our own bases under the official names."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.apps import APPS
from tests.support.builds import Recorder, unique
from tests.support.registry_server import registry_server
from tests.support.sandboxes import LIMITS, Installation, installation

from shipway.builders.analysis import analyze
from shipway.builders.bases import Bases
from shipway.builders.builder import BuildRequest
from shipway.builders.sandbox.builder import SandboxedBuilder
from shipway.domain.log import Log
from shipway.domain.service import ServiceSettings

pytestmark = pytest.mark.heavy


@pytest.fixture
def home() -> Iterator[Installation]:
    with installation() as made:
        yield made


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout.strip()


async def test_an_app_is_built_on_official_images_in_a_sandbox_of_an_official_image(
    home: Installation, tmp_path: Path
) -> None:
    log = Recorder()
    ours = Bases("airgapped")
    python, builder_image = await ours.ensure("python", "3.13", log), await ours.ensure("builder", "", log)
    official = Bases("official")
    await official.decide()
    analysis = analyze(APPS / "python-no-lock-file", ServiceSettings(), official.resolve)
    assert "FROM python:3.13-slim" in analysis.dockerfile
    gateway = docker("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}")
    (data := tmp_path / "data").mkdir()
    async with registry_server(data) as host, registry_server(data, address=gateway) as mirror:
        dind = f"{host}/library/docker:28-dind"
        for image, name in ((python, f"{host}/library/python:3.13-slim"), (builder_image, dind)):
            docker("tag", image, name)
            docker("push", name)
            docker("rmi", name)

        async def image_of_the_sandbox(_log: Log) -> str:
            return dind

        sandboxes = home.sandboxes(image=image_of_the_sandbox, mirror=f"http://{mirror}", limits=LIMITS)
        builder = SandboxedBuilder(sandboxes, home.home / "tools")
        request = BuildRequest(APPS / "python-no-lock-file", analysis, f"{unique()}:v1", 600.0, {}, workspace="one")
        try:
            assert (await builder.build(request, log)).id.startswith("sha256:")
        finally:
            await builder.close()
            await home.sandboxes().remove()
            docker("rmi", dind)
    assert f"pulling {dind}" in log.text and "FROM docker.io/library/python:3.13-slim" in log.text
    assert "bringing" not in log.text
