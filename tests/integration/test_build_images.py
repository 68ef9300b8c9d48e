"""Private base images: pulled with the workspace's credential, on the engine and in a sandbox; wrong ones say so."""

import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.support.authority import Authority
from tests.support.builds import Recorder, forget_images, request_for, unique
from tests.support.forward_proxy import ForwardProxy, forward_proxy
from tests.support.images import ensure_test_image
from tests.support.inputs import Building, proxied
from tests.support.leaks import in_files, in_image
from tests.support.package_host import NAME, bridge
from tests.support.registry_server import registry_server
from tests.support.sandboxes import Installation, installation

from shipway.builders.builder import Builder
from shipway.builders.buildkit import BuildKitBuilder
from shipway.builders.sandbox.builder import SandboxedBuilder
from shipway.domain.credential import Credential
from shipway.domain.errors import BuildFailed
from shipway.domain.registries import RegistryCredential

USER, PASSWORD = "shipway", "pull-4f8a1c9e27d3b650"
#: The two, hashed.
ACCOUNTS = f"{USER}:$2b$04$QBV64aS2sNqtnDKraMayd.Y4KAWsRDxul1f80jFEdBcKLj1gTRpa.\n"


@pytest.fixture(scope="module")
def home() -> Iterator[Installation]:
    """One sandbox for all tests here, brought up by the first that needs it."""
    with installation() as made:
        yield made


@pytest.fixture
async def registry(tmp_path: Path) -> AsyncIterator[str]:
    """A registry that wants a login, with the image `acme/base:1`, which the engine has not."""
    async with registry_server(tmp_path, ACCOUNTS) as host:
        await fill(host)
        yield host


@pytest.fixture(params=["engine", "sandbox"])
async def building(
    request: pytest.FixtureRequest, tmp_path: Path, registry: str, home: Installation
) -> AsyncIterator[Building]:
    if request.param == "engine":
        made = Building(tmp_path / "source")
        yield made
        await forget_images(made.name)
        await forget_images(f"{registry}/")
        return
    async with home.builder(ports=(int(registry.rpartition(":")[2]),)) as builder:
        yield Building(tmp_path / "source", builder)


async def test_a_private_base_image_is_pulled(building: Building, registry: str, home: Installation) -> None:
    credential = RegistryCredential(registry, USER, PASSWORD, "image")
    await building.written(
        f"FROM {registry}/acme/base:1\nRUN cat /private # {building.name}\n",
        registries=(credential,),
        secrets=[PASSWORD],
    )

    assert "    from the private base" in building.log.lines
    assert PASSWORD not in building.log.text and building.seen == []
    assert in_image(building.tag, [PASSWORD], engine_of(home, building.builder)) == []


async def test_a_wrong_password_is_told_with_the_command_that_sets_another(building: Building, registry: str) -> None:
    credential = RegistryCredential(registry, USER, "pull-that-is-wrong", "image")
    with pytest.raises(BuildFailed) as failure:
        await building.written(f"FROM {registry}/acme/base:1\n", registries=(credential,))

    assert failure.value.code == "registry-auth"
    assert f"`shipway registries add {registry} " in failure.value.hint and USER in failure.value.hint
    assert "pull-that-is-wrong" not in f"{building.log.text}{failure.value}{failure.value.evidence}"


async def test_no_credential_is_told_with_the_command_that_adds_one(building: Building, registry: str) -> None:
    for_packages = RegistryCredential(registry, USER, PASSWORD, "packages")
    with pytest.raises(BuildFailed) as failure:
        await building.written(f"FROM {registry}/acme/base:1\n", registries=(for_packages,))

    assert failure.value.code == "registry-auth"
    assert f"`shipway registries add {registry} " in failure.value.hint and "packages only" in failure.value.hint


@pytest.fixture
def another() -> Iterator[Installation]:
    """An installation of its own, as its daemons are started with settings of their own."""
    with installation() as made:
        yield made


@pytest.fixture
def proxy() -> Iterator[ForwardProxy]:
    with forward_proxy(f"proxy-{secrets.token_hex(8)}") as it:
        yield it


@pytest.mark.heavy
async def test_a_sandbox_pulls_through_the_proxy_and_trusts_the_extra_certificates(
    tmp_path: Path, proxy: ForwardProxy, another: Installation
) -> None:
    authority, extra = Authority.make(), tmp_path / "extra.pem"
    extra.write_text(authority.pem)
    certificate = authority.certificate(tmp_path, NAME, bridge())
    async with registry_server(tmp_path, ACCOUNTS) as host:
        await fill(host)
    async with registry_server(tmp_path, ACCOUNTS, address=bridge(), certificate=certificate) as host:
        sandboxes = another.sandboxes(extra_ca=extra, proxies=proxied(proxy.url))
        building = Building(tmp_path / "source", SandboxedBuilder(sandboxes, another.home / "tools", extra))
        await building.written(
            f"FROM {host}/acme/base:1\nRUN cat /private\n",
            registries=(RegistryCredential(host, USER, PASSWORD),),
            proxies=proxied(proxy.url),
            secrets=[PASSWORD, proxy.password],
        )
        await building.builder.close()
    assert in_files(another.home, [PASSWORD, proxy.password]) == []
    assert in_image(building.tag, [PASSWORD, proxy.password], engine_of(another)) == []
    assert "    from the private base" in building.log.lines
    assert any(line.startswith(f"CONNECT {host} ") for line in proxy.passed)
    assert building.seen == []
    assert proxy.password not in building.log.text and PASSWORD not in building.log.text


async def fill(host: str) -> None:
    """Push `acme/base:1`, and leave nothing of it on the engine."""
    name, log = f"{unique()}:v1", Recorder()
    dockerfile = f"FROM {await ensure_test_image()}\nRUN echo from the private base > /private # {name}\n"
    with tempfile.TemporaryDirectory() as directory:
        await BuildKitBuilder().build(request_for(Path(directory), dockerfile, tag=name), log)
    await BuildKitBuilder().push(name, f"{host}/acme/base:1", Credential(USER, PASSWORD), log)
    await forget_images(name)
    await forget_images(f"{host}/")


def engine_of(home: Installation, builder: Builder | None = None) -> str:
    """Where to look for what a builder has built: in the sandbox of nobody, or, for any other builder, on the engine."""
    if isinstance(builder, BuildKitBuilder):
        return ""
    return f"unix://{next(Path('/run/shipway').glob(f'{home.name}.*/docker.sock'))}"
