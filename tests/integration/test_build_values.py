"""Build arguments, build secrets and proxies: each reaches what asks for it, and nothing keeps what is secret."""

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.support.builds import forget_images
from tests.support.forward_proxy import ForwardProxy, forward_proxy
from tests.support.images import ensure_test_image
from tests.support.inputs import Building, proxied
from tests.support.leaks import in_image
from tests.support.package_host import NPM_PACKAGE, PackageHost, package_host

from shipway.builders.build_arguments import BuildNames
from shipway.domain.errors import BuildFailed


@pytest.fixture
async def base() -> str:
    return await ensure_test_image()


@pytest.fixture
async def building(tmp_path: Path) -> AsyncIterator[Building]:
    made = Building(tmp_path / "source")
    yield made
    await forget_images(made.name)


@pytest.fixture
def secret() -> str:
    return f"secret-{secrets.token_hex(8)}"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[PackageHost]:
    with package_host(tmp_path, f"pw-{secrets.token_hex(8)}", f"token-{secrets.token_hex(8)}") as it:
        yield it


@pytest.fixture
def proxy() -> Iterator[ForwardProxy]:
    with forward_proxy(f"proxy-{secrets.token_hex(8)}") as it:
        yield it


async def test_an_argument_reaches_the_dockerfile_that_declares_it_and_no_command_line(
    building: Building, base: str
) -> None:
    value = f"hello there, {building.name}"
    dockerfile = f'FROM {base}\nARG GREETING\nRUN printf %s "$GREETING" > /greeting\n'
    await building.written(dockerfile, arguments={"GREETING": value}, secrets=[f"GREETING={value}"])

    assert building.run("cat", "/greeting") == value
    assert building.seen == []


async def test_an_argument_that_would_steer_the_client_is_refused_here_too(building: Building, base: str) -> None:
    with pytest.raises(BuildFailed, match="LD_PRELOAD"):
        await building.written(f"FROM {base}\n", arguments={"LD_PRELOAD": "/tmp/evil.so"})


async def test_a_generated_dockerfile_builds_with_the_argument_and_leaves_it_out_of_the_image(
    building: Building, host: PackageHost
) -> None:
    building.write(
        package__json='{"name": "app", "version": "1.0.0", "scripts": {"build": "node build.js"}}',
        build__js="require('fs').writeFileSync('built.js', `console.log('for ' + ${process.env.SITE.length})`)\n",
    )
    value = f"https://{secrets.token_hex(8)}.example.com"
    build = BuildNames(("SITE",))
    await building.generated("node built.js", build=build, arguments={"SITE": value})

    assert building.run("node", "built.js") == f"for {len(value)}\n"
    assert in_image(building.tag, [value]) == []
    told = len(building.log.lines)
    await building.generated("node built.js", build=build, arguments={"SITE": f"{value}/2"})
    assert building.run("node", "built.js") == f"for {len(value) + 2}\n"
    assert all(line.endswith("cached") for line in building.log.lines[told:] if "npm install" in line)


async def test_a_secret_is_mounted_where_it_is_asked_for_and_masked_where_it_is_printed(
    building: Building, base: str, secret: str
) -> None:
    dockerfile = (
        f"FROM {base}\n"
        f'RUN --mount=type=secret,id=LICENCE test "$(cat /run/secrets/LICENCE)" = \'{secret[:6]}\'"{secret[6:]}"\n'
        'RUN --mount=type=secret,id=LICENCE echo "it is: $(cat /run/secrets/LICENCE)"\n'
        f"RUN ! cat /run/secrets/LICENCE # {building.name}\n"
    )
    await building.written(dockerfile, build_secrets={"LICENCE": secret}, secrets=[secret])

    assert "    it is: •••" in building.log.lines
    assert building.leaks(secret) == []


async def test_what_a_failing_command_prints_is_masked_in_the_evidence(
    building: Building, base: str, secret: str
) -> None:
    dockerfile = f"FROM {base}\nRUN --mount=type=secret,id=LICENCE cat /run/secrets/LICENCE; false # {building.name}\n"
    with pytest.raises(BuildFailed) as failure:
        await building.written(dockerfile, build_secrets={"LICENCE": secret})

    assert set(failure.value.evidence) == {"•••"}
    assert secret not in f"{failure.value.message}{failure.value.hint}{building.log.text}"


async def test_a_generated_dockerfile_gives_installers_the_secret_that_their_files_refer_to(
    building: Building, host: PackageHost
) -> None:
    building.write(
        package__json=f'{{"name": "app", "version": "1.0.0", "dependencies": {{"{NPM_PACKAGE}": "1.0.0"}}}}',
        index__js=f"console.log(require({NPM_PACKAGE!r}))\n",
        __npmrc=f"@acme:registry={host.npm}\n//{host.host}/repository/npm/:_authToken=${{NPM_TOKEN}}\n",
    )
    build = BuildNames((), ("NPM_TOKEN",))
    await building.generated(
        "node index.js", build=build, build_secrets={"NPM_TOKEN": host.token}, secrets=[host.token]
    )

    assert building.run("node", "index.js") == "from the private registry\n"
    assert building.leaks(host.token) == []


async def test_a_build_downloads_through_the_proxy_and_keeps_nothing_of_it(
    building: Building, base: str, host: PackageHost, proxy: ForwardProxy
) -> None:
    password = f"http://builder:{host.password}@{host.host}"
    fetch = (
        f'RUN wget -q -O /fetched {password}/pypi/simple/acme-greeting/ && echo "by $http_proxy" # {building.name}\n'
    )
    await building.written(f"FROM {base}\n{fetch}", proxies=proxied(proxy.url), secrets=[proxy.password])

    assert len(proxy.passed) == 1 and proxy.refused == []
    assert "acme_greeting" in building.run("cat", "/fetched")
    assert any(line.startswith("    by http://•••@") for line in building.log.lines)
    assert building.leaks(proxy.password) == []


async def test_another_proxy_builds_nothing_again(building: Building, base: str, proxy: ForwardProxy) -> None:
    dockerfile = f"FROM {base}\nRUN date > /date # {building.name}\n"
    await building.written(dockerfile, proxies=proxied(proxy.url))
    first = building.run("cat", "/date")

    await building.written(dockerfile)

    assert building.run("cat", "/date") == first
