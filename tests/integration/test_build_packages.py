"""Private packages, really installed with a workspace's credential, of which nothing is found anywhere afterwards."""

import json
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.support.authority import Authority
from tests.support.builds import forget_images
from tests.support.inputs import Building
from tests.support.package_host import (
    GO_MODULE,
    GO_VERSION,
    NPM_PACKAGE,
    NPM_UNSCOPED,
    PYTHON_PACKAGE,
    USER,
    PackageHost,
    named,
    package_host,
)

from shipway.builders.bases import Bases
from shipway.builders.build_arguments import BuildNames
from shipway.builders.buildkit import BuildKitBuilder
from shipway.domain.errors import BuildFailed
from shipway.domain.registries import TOKEN_USER, RegistryCredential


@pytest.fixture
def host(tmp_path: Path) -> Iterator[PackageHost]:
    with package_host(tmp_path, f"pw-{secrets.token_hex(8)}", f"token-{secrets.token_hex(8)}") as it:
        yield it


@pytest.fixture
def authority() -> Authority:
    return Authority.make()


@pytest.fixture
def tls_host(tmp_path: Path, authority: Authority) -> Iterator[PackageHost]:
    with package_host(tmp_path, f"pw-{secrets.token_hex(8)}", authority=authority) as it:
        yield it


@pytest.fixture
async def building(tmp_path: Path) -> AsyncIterator[Building]:
    made = Building(tmp_path / "source")
    yield made
    await forget_images(made.name)


def credential_for(host: PackageHost, password: str = "") -> RegistryCredential:
    return RegistryCredential(host.host, USER, password or host.password)


def trusting(authority: Authority, directory: Path) -> BuildKitBuilder:
    extra = directory / "extra.pem"
    extra.write_text(authority.pem)
    return BuildKitBuilder(extra_ca=extra, options=named())


def pip_app(building: Building, host: PackageHost) -> None:
    trusted = f"--trusted-host {host.name}\n" if host.scheme == "http" else ""
    building.write(
        requirements__txt=f"--index-url {host.index}\n{trusted}{PYTHON_PACKAGE}==1.0\n",
        main__py="import acme_greeting\nprint(acme_greeting.TEXT)\n",
    )


def node_app(building: Building, host: PackageHost, manager: str = "", package: str = NPM_PACKAGE) -> None:
    manifest = {"name": "app", "version": "1.0.0", "dependencies": {package: "1.0.0"}}
    scope = f"{package.partition('/')[0]}:" if package.startswith("@") else ""
    building.write(
        package__json=json.dumps(manifest | ({"packageManager": manager} if manager else {})),
        index__js=f"console.log(require({package!r}))\n",
        __npmrc=f"{scope}registry={host.npm}\n",
    )


async def test_pip_reads_a_private_index_that_the_source_names(building: Building, host: PackageHost) -> None:
    pip_app(building, host)
    await building.generated("python main.py", registries=(credential_for(host),), secrets=[host.password])

    assert building.run("python", "main.py") == "from the private index\n"
    assert building.leaks(host.password) == [] and host.refused == []


async def test_another_password_installs_nothing_again(building: Building, host: PackageHost) -> None:
    pip_app(building, host)
    await building.generated("python main.py", registries=(credential_for(host),))
    asked, told = len(host.served), len(building.log.lines)
    host.password = f"pw-{secrets.token_hex(8)}"

    await building.generated("python main.py", registries=(credential_for(host),))

    assert len(host.served) == asked
    # BuildKit does not always tell of a cached step of a stage that only another one copies from.
    assert all(line.endswith("cached") for line in building.log.lines[told:] if "pip install" in line)


async def test_a_wrong_password_for_pip_is_told_with_the_command_that_sets_another(
    building: Building, host: PackageHost
) -> None:
    pip_app(building, host)
    with pytest.raises(BuildFailed) as failure:
        await building.generated("python main.py", registries=(credential_for(host, "pw-that-is-wrong"),))

    assert failure.value.code == "registry-auth"
    assert f"`shipway registries add {host.host} " in failure.value.hint and USER in failure.value.hint
    told = f"{building.log.text}{failure.value.message}{failure.value.hint}{failure.value.evidence}"
    assert "pw-that-is-wrong" not in told and host.refused


async def test_no_credential_at_all_is_told_with_the_command_that_adds_one(
    building: Building, host: PackageHost
) -> None:
    node_app(building, host)
    with pytest.raises(BuildFailed) as failure:
        await building.generated("node index.js")

    assert failure.value.code == "registry-auth"
    assert f"`shipway registries add {host.host} " in failure.value.hint


async def test_npm_reads_a_private_registry_by_password(building: Building, host: PackageHost) -> None:
    node_app(building, host)
    await building.generated("node index.js", registries=(credential_for(host),), secrets=[host.password])

    assert building.run("node", "index.js") == "from the private registry\n"
    assert building.leaks(host.password) == []


async def test_npm_reads_a_private_registry_by_token(building: Building, host: PackageHost) -> None:
    node_app(building, host, package=NPM_UNSCOPED)
    by_token = RegistryCredential(host.host, TOKEN_USER, host.token, "packages")
    await building.generated("node index.js", registries=(by_token,), secrets=[host.token])

    assert building.run("node", "index.js") == "from the private registry\n"
    assert building.leaks(host.token) == [] and host.refused == []


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("manager", "package"),
    [("pnpm@9.15.0", NPM_PACKAGE), ("yarn@1.22.22", NPM_PACKAGE), ("yarn@1.22.22", NPM_UNSCOPED)],
)
async def test_other_managers_read_it_too(building: Building, host: PackageHost, manager: str, package: str) -> None:
    node_app(building, host, manager, package)
    await building.generated("node index.js", registries=(credential_for(host),), secrets=[host.password])

    assert building.run("node", "index.js") == "from the private registry\n"
    assert building.leaks(host.password) == []


@pytest.mark.heavy
async def test_uv_reads_a_private_index(building: Building, host: PackageHost) -> None:
    project = (
        f'[project]\nname = "app"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["{PYTHON_PACKAGE}"]\n'
    )
    index = f'[[tool.uv.index]]\nurl = "{host.index}"\ndefault = true\n'
    building.write(pyproject__toml=f"{project}{index}", main__py="import acme_greeting\nprint(acme_greeting.TEXT)\n")
    await building.generated("python main.py", registries=(credential_for(host),), secrets=[host.password])

    assert building.run("python", "main.py") == "from the private index\n"
    assert building.leaks(host.password) == []


async def test_an_index_that_a_build_argument_names_is_read_behind_a_certificate_of_one_s_own(
    building: Building, tls_host: PackageHost, authority: Authority, tmp_path: Path
) -> None:
    building.builder = trusting(authority, tmp_path)
    building.write(
        requirements__txt=f"{PYTHON_PACKAGE}==1.0\n", main__py="import acme_greeting\nprint(acme_greeting.TEXT)\n"
    )
    dockerfile = await building.generated(
        "python main.py",
        build=BuildNames(("PIP_INDEX_URL",)),
        arguments={"PIP_INDEX_URL": tls_host.index},
        registries=(credential_for(tls_host),),
        secrets=[tls_host.password],
    )

    assert building.run("python", "main.py") == "from the private index\n"
    assert dockerfile.index("ARG PIP_INDEX_URL") < dockerfile.index("COPY requirements.txt")
    assert building.leaks(tls_host.password) == []


async def test_a_certificate_that_nobody_was_told_to_trust_is_told_with_the_setting_for_it(
    building: Building, tls_host: PackageHost
) -> None:
    building.builder = BuildKitBuilder(options=named())
    pip_app(building, tls_host)
    with pytest.raises(BuildFailed) as failure:
        await building.generated("python main.py", registries=(credential_for(tls_host),))

    assert failure.value.code == "network" and "extra_ca" in failure.value.hint


@pytest.mark.heavy
async def test_go_reads_a_private_module_proxy(
    building: Building, tls_host: PackageHost, authority: Authority, tmp_path: Path
) -> None:
    building.builder = trusting(authority, tmp_path)
    building.write(
        go__mod=f"module example.com/app\n\ngo 1.21\n\nrequire {GO_MODULE} {GO_VERSION}\n",
        main__go=f'package main\n\nimport "{GO_MODULE}"\n\nfunc main() {{ println(greeting.Text) }}\n',
    )
    arguments = {"GOPROXY": f"{tls_host.url}/go", "GONOSUMDB": GO_MODULE}
    await building.generated(
        "/app/bin/app",
        build=BuildNames(tuple(arguments)),
        arguments=arguments,
        registries=(credential_for(tls_host),),
        secrets=[tls_host.password],
    )

    assert f"/go/{GO_MODULE}/@v/{GO_VERSION}.zip" in tls_host.served
    assert building.leaks(tls_host.password) == []


@pytest.mark.heavy
async def test_a_dockerfile_of_one_s_own_mounts_the_same_credentials_here_for_git(
    building: Building, tls_host: PackageHost, authority: Authority, tmp_path: Path
) -> None:
    building.builder = trusting(authority, tmp_path)
    base = await Bases("airgapped").ensure("go", "1.24", building.log)
    mounts = "--mount=type=secret,id=shipway-netrc,target=/root/.netrc --mount=type=secret,id=shipway-ca"
    clone = f"GIT_SSL_CAINFO=/run/secrets/shipway-ca git clone {tls_host.url}/git/greeting.git /greeting"
    await building.written(
        f"FROM {base}\nRUN {mounts} {clone}\n",
        registries=(credential_for(tls_host),),
        secrets=[tls_host.password],
    )

    assert building.run("cat", "/greeting/greeting.txt") == "from the private repository\n"
    assert building.leaks(tls_host.password) == []
