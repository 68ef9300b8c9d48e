"""A migrated, empty database of either kind."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from shipway.store.database import Database
from shipway.store.schema import migrate


@asynccontextmanager
async def database(kind: str, directory: Path, postgres: str) -> AsyncIterator[Database]:
    """`kind` is `sqlite` or `postgres`; `postgres` is the server's URL."""
    url = f"sqlite+aiosqlite:///{directory / 'test.db'}" if kind == "sqlite" else await new_database(postgres)
    made = Database(url)
    try:
        await migrate(made)
        yield made
    finally:
        await made.close()


async def new_database(server: str) -> str:
    """URL of an empty database on that PostgreSQL server."""
    name = f"t{uuid.uuid4().hex}"
    connection = await asyncpg.connect(server.replace("+asyncpg", "") + "/postgres")
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return f"{server}/{name}"
