"""What is known of images, and why they can't be had."""

import pytest

from shipway.domain.errors import DeployFailed, Unavailable
from shipway.engines.docker.images import by_digest, exposed_port, pull_error

DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("reference", "known_as"),
    [
        ("127.0.0.1:7701/acme/api:v3", "127.0.0.1:7701/acme/api"),
        ("ghcr.io/acme/api", "ghcr.io/acme/api"),
        (f"ghcr.io/acme/api:1@{DIGEST}", "ghcr.io/acme/api"),
        ("docker.io/library/redis:7", "redis"),
        ("redis", "redis"),
    ],
)
def test_an_image_is_told_by_the_digest_of_the_repository_it_was_asked_for(reference: str, known_as: str) -> None:
    image = {"Id": "sha256:1", "RepoDigests": [f"elsewhere/api@sha256:{'b' * 64}", f"{known_as}@{DIGEST}"]}
    assert by_digest(reference, image) == f"{known_as}@{DIGEST}"


@pytest.mark.parametrize("digests", [None, [], [f"elsewhere/api@{DIGEST}"]])
def test_an_image_that_was_never_in_that_repository_is_told_by_its_id(digests: list[str] | None) -> None:
    assert by_digest("acme/api:1", {"Id": "sha256:1", "RepoDigests": digests}) == "sha256:1"


@pytest.mark.parametrize(
    ("exposed", "port"),
    [
        (None, 0),
        ({}, 0),
        ({"8080/tcp": {}}, 8080),
        ({"80/tcp": {}, "443/tcp": {}}, 0),
        ({"53/udp": {}}, 0),
        ({"8080/tcp": {}, "53/udp": {}}, 8080),
        ({"3000": {}}, 3000),
    ],
)
def test_the_one_tcp_port_counts(exposed: dict[str, object] | None, port: int) -> None:
    assert exposed_port({"Config": {"ExposedPorts": exposed}}) == port


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("manifest for acme/api:9 not found: manifest unknown: manifest unknown", "image-not-found"),
        ("invalid reference format", "image-not-found"),
        ("no matching manifest for linux/arm64/v8 in the manifest list entries", "image-not-found"),
        ("Head https://x/v2/: unauthorized: authentication required", "image-pull-denied"),
        ("pull access denied for x, repository does not exist or may require 'docker login'", "image-pull-denied"),
        ("Get https://x/v2/: no basic auth credentials", "image-pull-denied"),
    ],
)
def test_the_user_is_told_what_to_correct(message: str, code: str) -> None:
    error = pull_error("acme/api:9", message)
    assert isinstance(error, DeployFailed)
    assert (error.code, error.evidence) == (code, (message,))
    assert "acme/api:9" in error.message
    assert error.hint


@pytest.mark.parametrize(
    "message",
    [
        'Get "http://127.0.0.1:9/v2/": dial tcp 127.0.0.1:9: connect: connection refused',
        "dial tcp: lookup registry-1.example on 10.0.0.1:53: no such host",
        "toomanyrequests: You have reached your pull rate limit",
        "received unexpected HTTP status: 502 Bad Gateway",
        "net/http: TLS handshake timeout",
    ],
)
def test_what_may_pass_is_worth_another_try(message: str) -> None:
    assert isinstance(pull_error("acme/api:9", message), Unavailable)
