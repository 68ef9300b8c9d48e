"""What git sends when it pushes, what is refused of it, and what it is answered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipway.domain import pkt_line
from shipway.domain.errors import Invalid
from shipway.domain.git_push import NOTHING, RefUpdate, Report, faults, of_branch, remarks
from shipway.operations.git_push_voice import Lines

OLD, NEW = "1" * 40, "2" * 40
MAIN = RefUpdate("refs/heads/main", OLD, NEW)
CAPABILITIES = b"report-status side-band-64k agent=git/2.39"
HEAD = pkt_line.packet(f"{OLD} {NEW} refs/heads/main\0 ".encode() + CAPABILITIES) + pkt_line.FLUSH


def test_what_is_to_move_stands_before_the_pack() -> None:
    ends = pkt_line.head_ends(HEAD + b"PACK0000")
    assert ends == len(HEAD)
    head = pkt_line.push_head(HEAD)
    assert (head.updates, head.has_bands, head.wants_report) == ((MAIN,), True, True)


@given(st.integers(0, len(HEAD) - 1))
def test_its_end_is_not_found_before_it_has_come(cut: int) -> None:
    assert pkt_line.head_ends(HEAD[:cut]) is None


def test_a_shallow_clone_says_where_its_history_begins() -> None:
    shallow = pkt_line.packet(f"shallow {OLD}\n".encode()) + HEAD
    assert pkt_line.push_head(shallow).updates == (MAIN,)


@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.1", b"0003", b"zzzz", b"-001", b"0008abcd0000", b"0010only two wo0000"]
)
def test_what_is_none_of_gits_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        pkt_line.push_head(data if pkt_line.head_ends(data) else data + pkt_line.FLUSH)


@given(st.binary(max_size=40))
def test_no_bytes_do_worse_than_be_refused(data: bytes) -> None:
    try:
        pkt_line.head_ends(data)
        pkt_line.push_head(data)
        pkt_line.bands(data)
        pkt_line.report(data)
    except Invalid:
        pass


def test_a_report_comes_back_as_it_was() -> None:
    head = pkt_line.push_head(HEAD)
    told = Report("ok", {"refs/heads/main": "", "refs/tags/v1": "hook declined"})
    data, words = pkt_line.bands(pkt_line.reported(told, head))
    assert (pkt_line.report(data), words) == (told, b"")


def test_a_long_text_is_told_in_several_packets() -> None:
    data = pkt_line.words("x" * 200_000)
    assert pkt_line.bands(data) == (b"", b"x" * 200_000)
    assert max(map(len, pkt_line.packets(data))) < 65_520


def test_the_branch_that_is_deployed_is_not_deleted_and_others_are() -> None:
    gone = RefUpdate("refs/heads/main", OLD, NOTHING)
    assert faults([gone], "main") == {"refs/heads/main": "it is the branch that is deployed"}
    assert faults([gone], "live") == {}
    assert of_branch([gone], "main") is None
    assert of_branch([MAIN], "main") == MAIN


def test_only_branches_and_tags_are_kept() -> None:
    assert list(faults([MAIN, RefUpdate("refs/notes/x", NOTHING, NEW)], "main")) == ["refs/notes/x"]


def test_nothing_is_remarked_of_what_was_not_taken() -> None:
    other = RefUpdate("refs/heads/next", OLD, NEW)
    assert list(remarks([MAIN, other], Report("ok", {other.ref: "stale", MAIN.ref: ""}), "main")) == []
    assert "deploys `main`" in next(remarks([other], Report("ok", {other.ref: ""}), "main"))


def test_logs_are_told_in_whole_lines_and_in_one_voice() -> None:
    lines = Lines()
    assert list(lines.add("build", "-----> Build\nStep 1\n  !   war")) == ["-----> Build", "       Step 1"]
    assert list(lines.add("build", "ning\n\n       deep\n!     bad\nend")) == [
        "  !   warning",
        "",
        "       deep",
        "!     bad",
    ]
    assert list(lines.rest()) == ["       end"]
