"""Credentials in the forms that installers and Docker's clients read."""

import base64
import json
import netrc as stdlib_netrc
import re
from pathlib import Path

import pytest

from shipway.api.routes.registries import _HOST
from shipway.builders.registry_files import docker_config, named_registries, netrc, npmrc
from shipway.domain.errors import Invalid
from shipway.domain.registries import TOKEN_USER, RegistryCredential, check_credential, registry_host

BASIC = base64.b64encode(b"ada:s3cret").decode()
ADA = RegistryCredential("npm.example.com:8443", "ada", "s3cret")
TOKEN = RegistryCredential("gitlab.example.com", TOKEN_USER, "glpat-1")


def test_a_netrc_names_a_host_with_its_port_and_without(tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text(netrc([ADA, TOKEN]))
    found = stdlib_netrc.netrc(str(tmp_path / "netrc"))
    assert (
        found.authenticators("npm.example.com") == found.authenticators("npm.example.com:8443") == ("ada", "", "s3cret")
    )
    assert found.authenticators("gitlab.example.com") == (TOKEN_USER, "", "glpat-1")


def test_an_npmrc_has_a_password_as_basic_and_a_token_as_itself() -> None:
    assert npmrc([ADA, TOKEN]).splitlines() == [
        f"//npm.example.com:8443/:_auth={BASIC}",
        "//npm.example.com:8443/:always-auth=true",
        "//gitlab.example.com/:_authToken=glpat-1",
        "//gitlab.example.com/:always-auth=true",
    ]


def test_an_npmrc_has_the_registries_that_the_source_names_in_full() -> None:
    urls = ["https://npm.example.com:8443/repository/npm", "https://registry.example.org/x/"]
    assert [line.partition(":_")[0] for line in npmrc([ADA], urls).splitlines() if "_auth=" in line] == [
        "//npm.example.com:8443/",
        "//npm.example.com:8443/repository/npm/",
    ]


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("registry=https://a.example.com/npm/\n", ["https://a.example.com/npm/"]),
        ("# registry=https://no\n@acme:registry = https://a.example.com\r\n", ["https://a.example.com"]),
        ('registry "https://yarn.example.com/"\n', ["https://yarn.example.com/"]),
        ('"@acme:registry" "https://yarn.example.com/"\n', ["https://yarn.example.com/"]),
        ("//a.example.com/:_authToken=${TOKEN}\nfund=false\n", []),
    ],
)
def test_the_registries_that_npm_s_files_name_are_found(text: str, urls: list[str]) -> None:
    assert named_registries(text) == urls


def test_docker_s_configuration_knows_docker_hub_by_the_name_it_goes_by_there() -> None:
    hub = RegistryCredential(registry_host("registry-1.docker.io"), "ada", "s3cret")
    assert json.loads(docker_config([ADA, hub])) == {
        "auths": {
            "npm.example.com:8443": {"auth": BASIC},
            "https://index.docker.io/v1/": {"auth": BASIC},
        }
    }


def test_a_host_is_kept_in_one_form() -> None:
    assert registry_host(" Registry.Example.COM:5000 ") == "registry.example.com:5000"
    assert registry_host("index.docker.io") == registry_host("docker.io") == "docker.io"


@pytest.mark.parametrize(
    "host", ["", "https://a.example.com", "a.example.com/npm", "a b", "a.example.com:99999", "a:0"]
)
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(Invalid):
        registry_host(host)


@pytest.mark.parametrize("port", ["0", "65536", "5000000"])
def test_a_port_that_can_t_be_is_told_as_that(port: str) -> None:
    with pytest.raises(Invalid, match="port"):
        registry_host(f"a.example.com:{port}")


@pytest.mark.parametrize(
    "host",
    ["localhost", "a.example.com:443", "a.example.com:65535", "123456789012.dkr.ecr.eu-west-1.amazonaws.com"],
)
def test_the_api_s_description_allows_what_is_taken(host: str) -> None:
    assert registry_host(host) == host
    assert re.fullmatch(_HOST, host)


@pytest.mark.parametrize("host", ["a.example.com:0", "a.example.com:65536", "a..b", "-a.example.com", "https://a"])
def test_the_api_s_description_allows_nothing_else(host: str) -> None:
    assert not re.fullmatch(_HOST, host)


@pytest.mark.parametrize(
    ("username", "password", "kind"),
    [
        ("ada", "", "any"),
        ("", "s3cret", "any"),
        ("ada", "two words", "any"),
        ("ada", "s3cret\n", "image"),
        ("ada", 'quo"te', "packages"),
        ("ada", "back\\slash", "any"),
        ("a:da", "s3cret", "image"),
        (TOKEN_USER, "to;ken", "any"),
    ],
)
def test_what_no_file_could_hold_is_refused_without_being_shown(username: str, password: str, kind: str) -> None:
    with pytest.raises(Invalid) as error:
        check_credential(RegistryCredential("a.example.com", username, password, kind))  # type: ignore[arg-type]
    assert not password or password.strip() not in f"{error.value.message} {error.value.hint}"


def test_a_password_for_images_alone_may_hold_what_a_netrc_could_not() -> None:
    assert check_credential(RegistryCredential("a.example.com", "ada", 'a"b\\c#', "image")).for_packages is False


def test_a_semicolon_is_misread_in_a_bare_token_only() -> None:
    credential = RegistryCredential("a.example.com", "ada", "pass;word")
    assert check_credential(credential) is credential
    assert ";" not in npmrc([credential])


def test_a_credential_does_not_show_its_password() -> None:
    assert "s3cret" not in repr(ADA)
