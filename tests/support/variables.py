"""Values that a variable can hold, and that something on the way might spoil."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from hypothesis import strategies as st

Run = Callable[[Coroutine[Any, Any, None]], None]
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True).filter(
    lambda name: name not in {"PORT", "SHIPWAY"} and not name.startswith("SHIPWAY_")
)
#: Any text in UTF-8 without NUL, and more often what a shell or a parser trips over.
VALUES = st.text(
    st.one_of(
        st.sampled_from("'\"\\$`#= \t\n\r\x1b\x7f\u2028\ufeff🚀"),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    )
)
AWKWARD = {
    "EMPTY": "",
    "BLANKS": "  leading and trailing \t",
    "LINES": "\none\r\ntwo\n\n",
    "QUOTES": "'single' \"double\" `back`",
    "DOLLARS": "$HOME ${HOME} $$ $(id) %PATH% %(x)s {{x}}",
    "EQUALS": "=a=b==",
    "SLASHES": "\\ \\n \\\\",
    "EMOJI": "🚀👩‍👩‍👧 ñ e\u0301 \ufeff\u2028\U0010ffff",
    "CONTROLS": "\x01\x07\x1b[31m\x7f\x85",
    "LONG": "0123456789" * 10_000,
    "JSON": '{"a": ["b\\n", null]}',
}


async def check_property(made_in: Callable[[Run], Callable[[], None]]) -> None:
    """Let hypothesis check, in a thread, a property whose stories run in this loop: `made_in` is given what runs one."""
    loop = asyncio.get_running_loop()
    await asyncio.to_thread(made_in(lambda story: asyncio.run_coroutine_threadsafe(story, loop).result()))
