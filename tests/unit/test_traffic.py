"""What is counted for a set, taken apart and put together."""

from shipway.domain.traffic import Traffic


def test_what_was_counted_before_is_taken_off_and_what_is_now_stays() -> None:
    now = Traffic(2, 100, 7, 3, response_ms=12, slowest_ms=90, leaving=1)
    assert now.since(Traffic(5, 40, 2, 1, response_ms=80, slowest_ms=900)) == Traffic(2, 60, 5, 2, 12, 90, leaving=1)


def test_two_processes_together_count_both() -> None:
    together = Traffic(1, 10, 1, 1, response_ms=10, slowest_ms=50).plus(Traffic(2, 30, 0, 2, 50, 40, leaving=2))
    assert together == Traffic(3, 40, 1, 3, response_ms=40, slowest_ms=50, leaving=2)


def test_a_long_past_weighs_no_more_than_what_it_is_the_mean_of() -> None:
    assert Traffic(requests=1_000_000, response_ms=10).plus(Traffic(requests=512, response_ms=30)).response_ms == 20


def test_no_requests_have_no_mean() -> None:
    assert Traffic().plus(Traffic()) == Traffic()
