"""The style sheet: every text can be read by day and by night (WCAG AA), and motion can be turned off."""

import re
from itertools import product

import pytest

from shipway.web.static import DIRECTORY

SHEET = (DIRECTORY / "shipway.css").read_text()
TEXT, GRAPHIC = 4.5, 3.0
TONES = ("ok", "busy", "warn", "bad", "idle")
PANE_INKS = ["pane-ink", "pane-muted", "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"]

#: Foreground, background, and the least contrast between them.
PAIRS = [
    *((ink, ground, TEXT) for ink, ground in product(("ink", "muted", "accent"), ("canvas", "surface", "hover"))),
    *((tone, ground, TEXT) for tone, ground in product(TONES, ("canvas", "surface", "hover"))),
    *((ink, "pane", TEXT) for ink in PANE_INKS),
    ("on-accent", "accent", TEXT),
    *(("edge", ground, GRAPHIC) for ground in ("canvas", "surface", "hover")),
]


def colours(*, dark: bool) -> dict[str, str]:
    found = {}
    for name, value in re.findall(r"--([\w-]+): (light-dark\([^)]*\)|#\w{6});", SHEET):
        shades = re.findall(r"#\w{6}", value)
        found[name] = shades[-1 if dark else 0]
    return found


def rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))


def mixed(colour: str, ground: str, share: float) -> tuple[float, ...]:
    return tuple(a * share + b * (1 - share) for a, b in zip(rgb(colour), rgb(ground), strict=True))


def luminance(colour: tuple[float, ...]) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    dim, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it(dark: bool) -> None:
    known = colours(dark=dark)
    weak = {
        (fore, ground): round(contrast(rgb(known[fore]), rgb(known[ground])), 2)
        for fore, ground, least in PAIRS
        if contrast(rgb(known[fore]), rgb(known[ground])) < least
    }
    assert weak == {}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_badges_and_notices_can_be_read_on_their_tint(dark: bool) -> None:
    known = colours(dark=dark)
    shares = {int(share) / 100 for share in re.findall(r"background: color-mix\(in srgb, var\(--tone\) (\d+)%", SHEET)}
    assert shares, "the tints' strength is read from the sheet"
    for tone, share in product(TONES, shares):
        ground = mixed(known[tone], known["surface"], share)
        assert contrast(rgb(known[tone]), ground) >= TEXT, (tone, share)
        if share < 0.1:
            assert contrast(rgb(known["muted"]), ground) >= TEXT, (tone, share)


def test_whoever_wants_no_motion_gets_none() -> None:
    assert re.search(r"prefers-reduced-motion: reduce\) \{\s*\*[^}]*animation: none !important", SHEET)


def test_the_sheet_fetches_nothing_from_anywhere() -> None:
    assert not re.search(r"url\(|@import", SHEET)
