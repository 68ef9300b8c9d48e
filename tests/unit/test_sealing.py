"""What is sealed can be opened as what it was sealed for, and as nothing else."""

import base64
import secrets

import pytest

from shipway.domain.errors import Unavailable
from shipway.store.sealing import Sealer
from shipway.store.sealing_keys import Keys


def a_sealer() -> Sealer:
    return Sealer(Keys({1: secrets.token_bytes(32)}))


@pytest.fixture
def sealer() -> Sealer:
    return a_sealer()


@pytest.mark.parametrize("text", ["s3cret", "", "mehr als\neine Zeile: ö €", "x" * 70_000])
def test_what_is_sealed_opens_as_it_was(sealer: Sealer, text: str) -> None:
    sealed = sealer.seal(text, "registry:ws_1:a")
    assert sealer.open(sealed, "registry:ws_1:a") == text
    assert sealed.isascii() and (not text or text not in sealed)


def test_the_same_text_is_sealed_differently_each_time(sealer: Sealer) -> None:
    assert sealer.seal("s3cret", "a") != sealer.seal("s3cret", "a")


def test_it_does_not_open_as_something_else_or_by_another_key_or_changed(sealer: Sealer) -> None:
    sealed = sealer.seal("s3cret", "registry:ws_1:a")
    data = bytearray(base64.b64decode(sealed))
    data[-1] ^= 1
    for who, what, about in (
        (sealer, sealed, "registry:ws_2:a"),
        (a_sealer(), sealed, "registry:ws_1:a"),
        (sealer, base64.b64encode(bytes(data)).decode(), "registry:ws_1:a"),
    ):
        with pytest.raises(Unavailable) as error:
            who.open(what, about)
        assert "s3cret" not in f"{error.value.message}{error.value.hint}"


@pytest.mark.parametrize("damaged", ["", "AQ==", "abc", "é", "AQIDBAUGBwgJCgsMDQ=="])
def test_what_was_never_sealed_is_told_like_what_was_changed(sealer: Sealer, damaged: str) -> None:
    with pytest.raises(Unavailable, match="registry:ws_1:a"):
        sealer.open(damaged, "registry:ws_1:a")


def test_a_sealer_does_not_show_its_key() -> None:
    assert "kkkk" not in repr(Sealer(Keys({1: b"k" * 32})))
