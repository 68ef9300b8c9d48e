"""What a build's progress and a registry's manifests tell about an image."""

import json

import pytest

from shipway.builders.base_images import full_name
from shipway.builders.progress import Cached, Exported, Finished, Started
from shipway.builders.progress_rawjson import RawJsonProgress
from shipway.builders.transcript import Transcript
from shipway.registry.images import attestations_in, image_in, statements_in, stored

A, B = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"


def index() -> dict[str, object]:
    attestation = {"vnd.docker.reference.digest": A, "vnd.docker.reference.type": "attestation-manifest"}
    return {"manifests": [{"digest": B, "annotations": attestation}, {"digest": A}]}


def test_the_images_that_a_build_resolved_are_known_by_digest() -> None:
    transcript = Transcript()
    transcript.tell(
        [
            Started("1", f"[build 1/3] FROM docker.io/library/node:22-slim@{A}"),
            Started("2", f"FROM docker.io/library/nginx:1@{B}"),
            Started("3", "[stage-1 1/2] FROM docker.io/shipway-base/python:3.13"),
        ]
    )
    assert transcript.bases == {"docker.io/library/node:22-slim": A, "docker.io/library/nginx:1": B}


def test_instructions_are_counted_and_what_the_builder_does_besides_is_not() -> None:
    transcript = Transcript()
    names = {
        "1": "[internal] load build definition from Dockerfile",
        "2": "[1/3] FROM docker.io/library/node:22-slim",
        "3": "[2/3] COPY . .",
        "4": "[3/3] RUN make",
        "5": "[linux/amd64] generating sbom using docker.io/library/scanner:1",
        "6": "exporting to image",
    }
    transcript.tell([Started(step, name) for step, name in names.items()])
    transcript.tell([Cached("2"), Cached("3"), *(Finished(step, 1.0) for step in "1456")])
    assert transcript.counts == (3, 2)


def test_the_image_s_own_digest_is_told_once_it_is_written() -> None:
    unfinished = {"id": f"exporting config {A}", "vertex": B, "name": ""}
    finished = unfinished | {"completed": "2026-11-21T08:00:00Z"}
    progress = RawJsonProgress()
    assert progress.feed(json.dumps({"statuses": [unfinished]}).encode()) == []
    assert progress.feed(json.dumps({"statuses": [finished]}).encode()) == [Exported(A)]


@pytest.mark.parametrize(
    ("written", "full"),
    [
        ("python", "docker.io/library/python:latest"),
        ("python:3.13", "docker.io/library/python:3.13"),
        ("acme/shop:1", "docker.io/acme/shop:1"),
        ("docker.io/python:3", "docker.io/library/python:3"),
        ("index.docker.io/acme/shop:1", "docker.io/acme/shop:1"),
        ("localhost/app", "localhost/app:latest"),
        ("registry.example.com:5000/app", "registry.example.com:5000/app:latest"),
        (f"python@{A}", "docker.io/library/python"),
    ],
)
def test_references_are_spelt_as_the_builder_spells_them(written: str, full: str) -> None:
    assert full_name(written) == full


def test_an_index_is_taken_apart_into_the_image_and_what_is_attested_of_it() -> None:
    assert image_in(index()) == A
    assert attestations_in(index()) == [B]
    assert image_in({"config": {}, "layers": []}) == ""


def test_of_an_attestation_s_layers_only_statements_are_read() -> None:
    layers = [{"digest": A, "mediaType": "application/vnd.in-toto+json"}, {"digest": B, "mediaType": "text/plain"}]
    assert list(statements_in({"layers": layers})) == [A]


def test_an_image_is_as_big_as_all_that_has_to_be_pulled() -> None:
    assert stored(A, {"config": {"size": 5}, "layers": [{"size": 20}, {"size": 300}]}).size == 325
