"""What the journal holds can be read back, also when an older Shipway wrote it."""

from dataclasses import fields, is_dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipway.domain import artifacts
from shipway.domain.artifacts import Analysis, Checkout, Finding, Image, Rollout, Target
from shipway.domain.codec import decode, encode
from shipway.domain.cutover import Cutover
from shipway.domain.plan import Plan
from shipway.domain.probe import Liveness, Probe
from shipway.domain.process import ProcessType
from shipway.domain.source import GitSource, ImageSource, PushSource, Source, UploadSource
from shipway.domain.traffic import Traffic

texts = st.text(max_size=20)


@given(st.builds(Analysis, evidence=st.lists(st.builds(Finding, texts, texts)).map(tuple), provider=texts))
def test_an_analysis_survives_the_journal(analysis: Analysis) -> None:
    assert decode(Analysis, encode(analysis)) == analysis


@given(
    st.one_of(
        st.builds(GitSource, texts, texts, texts),
        st.builds(UploadSource, texts),
        st.builds(PushSource, texts, texts, st.booleans(), st.booleans()),
        st.builds(ImageSource, texts),
    )
)
def test_each_kind_of_source_comes_back_as_itself(source: Source) -> None:
    assert decode(Source, encode(source)) == source  # type: ignore[arg-type]


def test_nested_values_come_back() -> None:
    rollout = Rollout("dep_1", "rel_1", (Target("a", "10.0.0.2", 80),), ("a", "b"))
    assert decode(Rollout, encode(rollout)) == rollout


def test_moments_and_nothing_come_back() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert decode(datetime | None, encode(moment)) == moment  # type: ignore[arg-type]
    assert decode(datetime | None, None) is None  # type: ignore[arg-type]


#: As the first version of Shipway wrote them. Never edit these: add a field with a default instead.
RECORDED = {
    Checkout: {"class": "Checkout", "kind": "git", "location": "https://example.com/a.git", "revision": "c0ffee"},
    Analysis: {
        "class": "Analysis",
        "provider": "python",
        "dockerfile": "FROM x",
        "generated": True,
        "processes": [{"class": "ProcessType", "name": "web", "command": "gunicorn app:app"}],
        "port": 8080,
    },
    artifacts.Built: {"class": "Built", "number": 3, "revision": "c0ffee", "image_id": "sha256:1", "local_tag": "a:v3"},
    Image: {"class": "Image", "reference": "r/a@sha256:1", "digest": "sha256:1", "label": "v3"},
    artifacts.Released: {"class": "Released", "id": "rel_1", "number": 3},
    Rollout: {
        "class": "Rollout",
        "deployment_id": "dep_1",
        "release_id": "rel_1",
        "targets": [{"class": "Target", "name": "a", "address": "10.0.0.2", "port": 80}],
        "instances": ["a"],
    },
    artifacts.Health: {"class": "Health", "answered": "GET / → 200"},
    artifacts.Tried: {"class": "Tried", "requests": 300, "why": "5xx: 0 of 300 requests"},
    artifacts.Promoted: {"class": "Promoted"},
    artifacts.HandedOver: {"class": "HandedOver", "instances": ["a"]},
    artifacts.Switch: {"class": "Switch", "retired": ["dep_0"]},
    artifacts.Finished: {"class": "Finished", "drained": 2, "cut": 0},
}


@pytest.mark.parametrize("artifact", RECORDED, ids=lambda artifact: artifact.__name__)
def test_recordings_of_the_first_version_still_decode(artifact: type) -> None:
    decoded = decode(artifact, RECORDED[artifact])
    assert isinstance(decoded, artifact)


def test_every_artifact_has_a_recording() -> None:
    returned = {value for value in vars(artifacts).values() if isinstance(value, type) and is_dataclass(value)}
    parts = {Finding, Target, ProcessType, Probe, Liveness, Traffic, Cutover, Plan}
    assert returned - parts == set(RECORDED)


def test_what_a_newer_version_wrote_is_ignored_by_an_older_one() -> None:
    data = RECORDED[artifacts.Released] | {"invented_later": 1}
    assert decode(artifacts.Released, data) == artifacts.Released("rel_1", 3)
    assert "invented_later" not in {field.name for field in fields(artifacts.Released)}
