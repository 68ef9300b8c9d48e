"""The images that a Dockerfile names."""

import pytest

from shipway.builders.dockerfile_images import images_of, pinned
from shipway.domain.build import BaseImage
from shipway.domain.errors import BuildFailed

DIGEST = f"sha256:{'a' * 64}"


def test_the_images_a_dockerfile_names_are_found_and_its_stages_are_not() -> None:
    text = """\
ARG BASE=python:3.13
FROM ${BASE} AS build
RUN --mount=type=bind,from=tools:1,target=/t true
FROM scratch AS Empty
FROM empty
COPY --from=build /a /a
COPY --from=0 /b /b
COPY --from=busybox:1 /c /c
FROM $UNKNOWN
FROM python:3.13
"""
    assert images_of(text, {}) == ("python:3.13", "tools:1", "busybox:1")


def test_a_name_is_filled_in_with_the_build_s_arguments_and_others_before_it() -> None:
    text = "ARG TAG=3.12 NAME=python\nARG BASE=${NAME}:$TAG\nARG TOOLS\nFROM $BASE\nCOPY --from=x /a /a\nFROM $TOOLS\n"
    assert images_of(text, {}) == ("python:3.12", "x")
    assert images_of(text, {"TAG": "3.13", "TOOLS": "tools:1", "x": "y"}) == ("python:3.13", "x", "tools:1")


@pytest.mark.parametrize(
    "name",
    ["../events?", "../containers/json?all=1#", "a/../../info", "a?b", "%2e%2e/info", "a//b", "/info", "-x", "a:b:c"],
)
def test_what_the_engine_would_take_for_another_question_is_no_image(name: str) -> None:
    assert images_of(f"FROM {name}\nCOPY --from={name} /a /b\n", {}) == ()


@pytest.mark.parametrize(
    "name", ["python", "a.example.com:5000/b/c_d-e:1.2-x", f"python:3@sha256:{'a' * 64}", f"b@sha256:{'0' * 64}"]
)
def test_every_way_to_write_a_reference_is_known(name: str) -> None:
    assert images_of(f"FROM {name}\n", {}) == (name,)


def test_what_is_no_dockerfile_names_no_image() -> None:
    with pytest.raises(BuildFailed):
        images_of("ARG ONLY=1\n", {})


def test_a_pinned_dockerfile_names_its_images_by_digest_and_changes_nothing_else() -> None:
    text = (
        "FROM --platform=$X python:3 AS build\nRUN echo FROM python:3\nfrom python:3.13\n"
        "COPY --from=tools:1 /a /a\nCOPY --from=build /b /b\n"
    )
    bases = [BaseImage(name, DIGEST) for name in ("python:3", "tools:1")]
    assert pinned(text, bases) == (
        f"FROM --platform=$X python:3@{DIGEST} AS build\nRUN echo FROM python:3\nfrom python:3.13\n"
        f"COPY --from=tools:1@{DIGEST} /a /a\nCOPY --from=build /b /b\n"
    )


@pytest.mark.parametrize(
    "base",
    [BaseImage("shipway-base/python:3", DIGEST), BaseImage(f"python:3@{DIGEST}", DIGEST), BaseImage("python:3", "")],
)
def test_what_has_no_digest_in_a_registry_or_one_already_stays_as_it_is(base: BaseImage) -> None:
    text = f"FROM {base.reference}\n"
    assert pinned(text, [base]) == text
