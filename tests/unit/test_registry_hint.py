"""A refusal by a registry names the registry, what was used, and the command that helps."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.builds import request_for, source

from shipway.builders.builder import BuildRequest
from shipway.builders.failures import Wreck, classify
from shipway.builders.registry_hint import with_registry_hint
from shipway.domain.errors import BuildFailed
from shipway.domain.registries import RegistryCredential

EXIT = 'process "/bin/sh -c x" did not complete successfully: exit code: 1'
ADA = RegistryCredential("npm.example.com", "ada", "s3cret")


@pytest.fixture
def request_(tmp_path: Path) -> BuildRequest:
    return request_for(source(tmp_path / "src"), "FROM x\n")


def told(request: BuildRequest, wreck: Wreck) -> BuildFailed:
    return with_registry_hint(classify(wreck), wreck, request)


@pytest.mark.parametrize(
    ("image", "host"),
    [
        ("registry.example.com:5000/acme/base:1", "registry.example.com:5000"),
        ("localhost/acme/base", "localhost"),
        ("docker.io/acme/base:1", "docker.io"),
        ("acme/base:1", "docker.io"),
        ("python:3.13", "docker.io"),
    ],
)
def test_a_base_image_is_told_by_the_host_of_its_registry(request_: BuildRequest, image: str, host: str) -> None:
    failure = told(request_, Wreck(f"[internal] load metadata for {image}", "pull access denied: 401 Unauthorized"))
    assert failure.code == "registry-auth" and f"`shipway registries add {host} " in failure.hint


def test_an_image_that_may_be_private_is_told_with_the_command_as_well(request_: BuildRequest) -> None:
    wreck = Wreck("[internal] load metadata for a.example.com/x:1", "a.example.com/x:1: not found")
    failure = told(request_, wreck)
    assert failure.code == "base-image-not-found"
    assert "Check its name" in failure.hint and "`shipway registries add a.example.com " in failure.hint


def test_a_credential_that_was_used_is_named_but_for_its_password(request_: BuildRequest) -> None:
    lines = ("ERR_PNPM_FETCH_401  GET https://npm.example.com/x: Unauthorized - 401",)
    failure = told(replace(request_, registries=(ADA,)), Wreck("RUN pnpm install", EXIT, lines))
    assert failure.code == "registry-auth"
    assert "user ada" in failure.hint and "sets another" in failure.hint and "s3cret" not in failure.hint


def test_npm_s_advice_for_the_public_registry_is_not_taken_for_the_one_that_refused(request_: BuildRequest) -> None:
    (request_.directory / ".npmrc").write_text("@acme:registry=https://private.example.com/npm/\n")
    lines = (
        "npm error code E401",
        "npm error Incorrect or missing password.",
        "npm error Please try again, or recover your password at: https://www.npmjs.com/forgot",
    )
    failure = told(request_, Wreck("RUN npm ci", EXIT, lines))
    assert "`shipway registries add private.example.com " in failure.hint


def test_pip_that_asks_nobody_is_told_as_a_refusal(request_: BuildRequest) -> None:
    lines = ("User for pypi.example.com:8080: ERROR: Exception:", "EOFError: EOF when reading a line")
    failure = told(request_, Wreck("RUN pip install -r requirements.txt", EXIT, lines))
    assert failure.code == "registry-auth" and failure.evidence == lines[:1]
    assert "`shipway registries add pypi.example.com:8080 " in failure.hint


def test_a_package_that_is_missing_in_a_registry_of_the_source_s_own_may_be_private(request_: BuildRequest) -> None:
    (request_.directory / ".npmrc").write_text("registry=https://private.example.com/npm/\n")
    lines = ('error Couldn\'t find package "@acme/x" on the "npm" registry.',)
    failure = told(request_, Wreck("RUN yarn install", EXIT, lines))
    assert failure.code == "dependency-not-found"
    assert "If it is private: `shipway registries add private.example.com " in failure.hint


def test_other_failures_are_left_as_they_are(request_: BuildRequest) -> None:
    wreck = Wreck("RUN make", EXIT, ("make: *** No rule to make target 'x'.",))
    before = classify(wreck)
    after = with_registry_hint(before, wreck, request_)
    assert (after.code, after.hint, after.evidence) == (before.code, before.hint, before.evidence)
