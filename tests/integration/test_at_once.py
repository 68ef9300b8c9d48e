"""Several who change what a service is given in the same instant: on both databases each is done, one after the other."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.databases import new_database
from tests.support.stack import PATH, Stack, a_service, fake_stack

from shipway.domain.config import Change
from shipway.domain.names import ServicePath
from shipway.operations import config, config_files, config_history, secrets

OTHER = ServicePath("acme", "shop", "production", "other")
TIMES = range(3)


@pytest.fixture(params=["sqlite", "postgres"])
async def stack(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stack]:
    url = await new_database(request.getfixturevalue("postgres")) if request.param == "postgres" else ""
    async with fake_stack(tmp_path, database_url=url) as made:
        yield made


async def newest(stack: Stack, name: str) -> Change:
    return (await config_history.list_changes(stack.platform, stack.actor, PATH, name=name, limit=1))[0]


async def test_a_config_file_is_what_its_last_change_says(stack: Stack) -> None:
    for turn in TIMES:
        name, texts = f"app{turn}", [f"{turn} {number}" for number in range(4)]
        await asyncio.gather(
            *(config_files.change_files(stack.platform, stack.actor, PATH, files={name: text}) for text in texts)
        )
        found, _ = await config_files.show_file(stack.platform, stack.actor, PATH, name)
        assert found.stored.sha256 == (await newest(stack, name)).value


async def test_two_services_come_with_the_same_text(stack: Stack) -> None:
    await a_service(stack, OTHER)
    for turn in TIMES:
        files = {f"{letter}{turn}": f"{letter} {turn}" for letter in "abc"}
        other_way = dict(reversed(files.items()))
        await asyncio.gather(
            config_files.change_files(stack.platform, stack.actor, PATH, files=files),
            config_files.change_files(stack.platform, stack.actor, OTHER, files=other_way),
        )
        shown = await config_files.show_file(stack.platform, stack.actor, OTHER, f"a{turn}")
        assert shown[1] == f"a {turn}"


async def test_a_variable_is_bound_and_set_to_a_value(stack: Stack) -> None:
    for name in ("ONE", "TWO"):
        await secrets.set_secret(stack.platform, stack.actor, PATH.home, name, f"value of {name}")
    for turn in TIMES:
        name = f"TOKEN{turn}"
        await asyncio.gather(
            secrets.change_bindings(stack.platform, stack.actor, PATH, variables={name: "ONE"}),
            config.change_config(stack.platform, stack.actor, PATH, values={name: "raw"}),
            secrets.change_bindings(stack.platform, stack.actor, PATH, variables={name: "TWO@1"}),
        )
        known = (await config.get_config(stack.platform, stack.actor, PATH)).vars[name]
        last = await newest(stack, name)
        assert (known.value, known.reference) == (last.value, last.reference)
