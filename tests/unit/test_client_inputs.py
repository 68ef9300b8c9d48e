"""Names on the client's command line, values in its environment."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.builds import Recorder, request_for, source

from shipway.builders.builder import BuildRequest
from shipway.builders.buildkit import BuildKitBuilder
from shipway.builders.client_inputs import client_config, environment, options, steers_the_client
from shipway.builders.front_end import FrontEnd
from shipway.builders.workbench import Workbench
from shipway.domain.errors import BuildFailed
from shipway.domain.registries import RegistryCredential

ADA = RegistryCredential("npm.example.com", "ada", "s3cret")
HERE = "unix:///var/run/docker.sock"


@pytest.fixture
def request_(tmp_path: Path) -> BuildRequest:
    return request_for(source(tmp_path / "src", __npmrc="registry=https://npm.example.com/npm/\n"), "FROM x\n")


def test_arguments_go_by_name_and_their_values_by_the_environment(request_: BuildRequest) -> None:
    request = replace(request_, arguments={"SITE": "https://a.example.com", "EMPTY": ""})
    assert options(request) == ["--build-arg", "SITE", "--build-arg", "EMPTY"]
    assert environment(request, HERE) == {"SITE": "https://a.example.com", "EMPTY": ""}


def test_secrets_go_by_the_environment_under_names_that_no_argument_has(request_: BuildRequest) -> None:
    request = replace(request_, secrets={"NPM_TOKEN": b"t0ken", "KEY": "kön\ngin\xff".encode("latin-1")})
    assert options(request) == [
        *("--secret", "id=NPM_TOKEN,env=SHIPWAY_BUILD_SECRET_0"),
        *("--secret", "id=KEY,env=SHIPWAY_BUILD_SECRET_1"),
    ]
    given = environment(request, HERE)
    assert given["SHIPWAY_BUILD_SECRET_0"] == "t0ken"
    assert given["SHIPWAY_BUILD_SECRET_1"].encode(errors="surrogateescape") == "kön\ngin\xff".encode("latin-1")
    assert steers_the_client("SHIPWAY_BUILD_SECRET_0")


def test_credentials_for_packages_are_two_secrets_and_those_for_images_the_client_s_own(request_: BuildRequest) -> None:
    request = replace(request_, registries=(ADA,))
    assert [option.partition(",")[0] for option in options(request)[1::2]] == ["id=shipway-netrc", "id=shipway-npmrc"]
    assert "machine npm.example.com login ada password s3cret" in environment(request, HERE)["SHIPWAY_BUILD_SECRET_0"]
    assert "//npm.example.com/npm/:_auth=" in environment(request, HERE)["SHIPWAY_BUILD_SECRET_1"]
    assert list(json.loads(client_config(request))["auths"]) == ["npm.example.com"]


def test_a_credential_is_used_for_what_it_is_for(request_: BuildRequest) -> None:
    images = replace(request_, registries=(replace(ADA, kind="image"),))
    packages = replace(request_, registries=(replace(ADA, kind="packages"),))
    assert options(images) == [] and client_config(images)
    assert options(packages) and client_config(packages) == ""


def test_a_registry_that_a_link_out_of_the_source_names_is_not_read(request_: BuildRequest, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("registry=https://npm.example.com/elsewhere/\n")
    (request_.directory / ".yarnrc").symlink_to(tmp_path / "elsewhere")
    given = environment(replace(request_, registries=(ADA,)), HERE)
    assert "elsewhere" not in given["SHIPWAY_BUILD_SECRET_1"]


@pytest.mark.parametrize("name", ["npm_config_registry", "NPM_CONFIG_REGISTRY", "YARN_REGISTRY"])
def test_a_registry_that_an_argument_names_is_written_out_too(request_: BuildRequest, name: str) -> None:
    request = replace(request_, registries=(ADA,), arguments={name: "https://npm.example.com/by-argument"})
    assert "//npm.example.com/by-argument/:_auth=" in environment(request, HERE)["SHIPWAY_BUILD_SECRET_1"]


def test_an_engine_elsewhere_is_reached_without_the_proxy(request_: BuildRequest) -> None:
    request = replace(request_, proxies={"HTTPS_PROXY": "http://p:1", "NO_PROXY": "a.example.com", "no_proxy": ""})
    assert options(request) == ["--build-arg", "HTTPS_PROXY", "--build-arg", "NO_PROXY", "--build-arg", "no_proxy"]
    assert environment(request, HERE)["NO_PROXY"] == "a.example.com"
    given = environment(request, "tcp://engine.example.com:2376")
    assert (given["NO_PROXY"], given["no_proxy"]) == ("a.example.com,engine.example.com", "engine.example.com")


@pytest.mark.parametrize(
    "name",
    [
        "PATH",
        "HOME",
        "DOCKER_HOST",
        "DOCKER_CONFIG",
        "BUILDX_BUILDER",
        "BUILDKIT_HOST",
        "EXPERIMENTAL_BUILDKIT_SOURCE_POLICY",
        "LD_PRELOAD",
        "GODEBUG",
        "HTTP_PROXY",
        "https_proxy",
        "no_proxy",
        "ALL_PROXY",
        "SSL_CERT_FILE",
        "TMPDIR",
        "GIT_SSH_COMMAND",
        "SHIPWAY_X",
    ],
)
def test_what_would_steer_the_client_is_no_argument(request_: BuildRequest, name: str) -> None:
    assert steers_the_client(name)
    with pytest.raises(BuildFailed, match=name):
        environment(replace(request_, arguments={name: "x"}), HERE)


@pytest.mark.parametrize(
    "name", ["SITE", "NODE_ENV", "GOPROXY", "GIT_COMMIT", "USER", "PIP_INDEX_URL", "PATHS", "MY_HOME"]
)
def test_other_names_are_arguments(name: str) -> None:
    assert not steers_the_client(name)


def test_the_client_s_configuration_is_a_file_that_only_its_user_reads(request_: BuildRequest, tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.lay_out(replace(request_, registries=(ADA,)), None)
    assert (tmp_path / "config.json").stat().st_mode & 0o777 == 0o600
    bench.lay_out(replace(request_, registries=()), None)


def test_a_request_does_not_show_what_is_secret(request_: BuildRequest) -> None:
    request = replace(
        request_, secrets={"A": b"s3cret"}, registries=(ADA,), proxies={"HTTP_PROXY": "http://u:s3cret@p"}
    )
    assert "s3cret" not in repr(request)


async def test_more_than_a_command_can_be_given_is_told_as_that(request_: BuildRequest) -> None:
    builder = BuildKitBuilder(HERE, client=FrontEnd(("/bin/true",)))
    with pytest.raises(BuildFailed, match="more than a command can be given") as failure:
        await builder.build(replace(request_, secrets={"KEY": b"x" * (1 << 17)}), Recorder())
    assert failure.value.hint and "xxxx" not in str(failure.value)
