"""The page that says which apps are known to work says what the samples say."""

import json

import pytest
from bench.corpus import APPS, OUTCOMES, PAGE, Sample, page, samples

SAMPLES = list(samples())


def test_the_page_is_up_to_date_with_the_samples() -> None:
    assert PAGE.read_text() == page(), "python -m bench.corpus writes it"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_sample_says_how_far_it_was_taken_and_by_one_word_only(sample: Sample) -> None:
    assert len(sample.outcomes) == 1, f"exactly one of {', '.join(OUTCOMES)} is wanted"


def test_there_are_enough_samples_and_most_of_them_run() -> None:
    assert len(SAMPLES) >= 60
    assert sum("answers" in sample.expected for sample in SAMPLES) > len(SAMPLES) / 2


def test_each_broken_repository_has_a_class_and_no_outcome() -> None:
    broken = [json.loads(path.read_text()) for path in APPS.glob("broken/*/expected.json")]
    assert len(broken) >= 50
    assert all("class" in expected and not set(OUTCOMES) & set(expected) for expected in broken)


def test_what_a_sample_is_comes_from_its_analysis() -> None:
    rows = {sample.name: sample.row for sample in SAMPLES}
    assert rows["flask-pip"][1:] == ("python, Flask", "pip", "Python 3.12 (.python-version)", "built, run and answered")
    assert rows["nothing-to-detect"][1:] == ("–", "–", "–", "refused with `nothing-detected`")
    assert rows["dockerfile"][4].startswith("analysed only: ")
