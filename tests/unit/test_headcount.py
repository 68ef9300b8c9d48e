"""Instances told by their number."""

from shipway.domain.headcount import headcount

STEM = "acme.shop.production.api"


def test_instances_are_counted_by_process_type_and_told_whose_they_are() -> None:
    names = [f"{STEM}.v2.d5.web.1", f"{STEM}.v2.d5.web.2", f"{STEM}.v2.d5.worker.1"]
    assert headcount(names) == "2 web, 1 worker of v2 (d5)"


def test_those_of_several_deployments_are_told_apart() -> None:
    assert headcount([f"{STEM}.v1.d1.web.1", f"{STEM}.v2.d3.web.1"]) == "1 web of v1 (d1) and 1 web of v2 (d3)"


def test_of_none_there_is_nothing_to_tell() -> None:
    assert headcount(()) == ""
