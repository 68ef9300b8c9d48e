"""An image that a workspace names is one that a registry hands out to it, and no other workspace's."""

from types import SimpleNamespace

import pytest

from shipway.domain.errors import Invalid
from shipway.domain.names import ServicePath
from shipway.pipeline.images import refuse_foreign_image

REGISTRY = "127.0.0.1:7702"
PATH = ServicePath("acme", "shop", "production", "cache")


def refuse(reference: str) -> None:
    registry = SimpleNamespace(repository=lambda workspace, name: f"{REGISTRY}/{workspace}/{name}")
    platform = SimpleNamespace(registry=registry, settings=SimpleNamespace(installation="shipway"))
    refuse_foreign_image(platform, PATH, reference)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "reference",
    [
        "redis:7",
        "ghcr.io/acme/shop:1.4",
        "cafe:latest",
        f"redis@sha256:{'a' * 64}",
        f"{REGISTRY}/acme/shop/production/api:v1",
    ],
)
def test_what_a_registry_hands_out_and_one_s_own_may_run(reference: str) -> None:
    refuse(reference)


@pytest.mark.parametrize(
    "reference",
    [
        f"{REGISTRY}/other/shop/production/api:v1",
        "shipway-build/other/shop/production/api:v1",
        "docker.io/shipway-build/other/shop/production/api:v1",
        "index.docker.io/shipway-build/other/shop/production/api:v1",
        "a" * 64,
        "sha256:3f2a",
        "3f",
    ],
)
def test_what_only_the_engine_s_own_store_knows_may_not(reference: str) -> None:
    with pytest.raises(Invalid, match="is not an image that acme may run"):
        refuse(reference)


@pytest.mark.parametrize("reference", ["", "red is", "a/../../containers/x", "a/x?b", "a#b", "a%2fb"])
def test_what_would_be_another_question_to_the_engine_is_no_reference(reference: str) -> None:
    with pytest.raises(Invalid, match="is no image reference"):
        refuse(reference)
