"""The database: how to connect, and the two kinds of transaction."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Executable, event
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shipway.domain.errors import Unavailable

T = TypeVar("T")


class Tx:
    """A transaction that is open. Its statements run to their end whatever happens to the caller: one that is cancelled
    in the middle would leave the connection, and SQLite's one write lock, behind."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def execute(self, statement: Executable) -> CursorResult[Any]:
        """Run one statement."""
        return await _to_its_end(self._connection.execute(statement))

    @asynccontextmanager
    async def begin_nested(self) -> AsyncIterator[None]:
        """A savepoint: what fails inside is undone, and the transaction goes on."""
        savepoint = await _to_its_end(self._connection.begin_nested().start())
        try:
            yield
        except BaseException:
            await _to_its_end(savepoint.rollback())
            raise
        await _to_its_end(savepoint.commit())

    async def run_sync(self, act: Callable[[Connection], T]) -> T:
        """Run code that knows no asyncio, such as the migrations."""
        return await _to_its_end(self._connection.run_sync(act))


class Database:
    """Transactions on one database. `write` and `read` may be used concurrently."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._sqlite = url.startswith("sqlite")
        self.engine = (
            _sqlite_engine(url) if self._sqlite else create_async_engine(url, pool_size=10, hide_parameters=True)
        )
        # SQLite has one writer at a time anyhow: waiting here is cheaper and fairer than its busy loop.
        self._writer = asyncio.Lock()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Tx]:
        """A transaction that commits at the end and rolls back on any exception. Raises `Unavailable` without a database."""
        if not self._sqlite:
            async with self._transaction("") as tx:
                yield tx
            return
        async with self._writer, self._transaction("IMMEDIATE") as tx:
            yield tx

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        """A consistent view; nothing may be written."""
        async with self._transaction("DEFERRED") as tx:
            yield tx

    @asynccontextmanager
    async def _transaction(self, mode: str) -> AsyncIterator[Tx]:
        with _translated(OperationalError, InterfaceError, PoolTimeout):
            with _translated(OSError):
                connection = await self._begin(mode)
            try:
                yield Tx(connection)
            except BaseException:
                await _to_its_end(_finish(connection, connection.rollback))
                raise
            await _to_its_end(_finish(connection, connection.commit))

    async def _begin(self, mode: str) -> AsyncConnection:
        opening = asyncio.ensure_future(self._open(mode))
        try:
            return await _to_its_end(opening)
        except asyncio.CancelledError:
            if not opening.exception():
                await _to_its_end(_finish(opening.result(), opening.result().rollback))
            raise

    async def _open(self, mode: str) -> AsyncConnection:
        connection = await self.engine.connect()
        try:
            await connection.execution_options(shipway_begin=mode)
            await connection.begin()
        except BaseException:
            await connection.close()
            raise
        return connection

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


@contextmanager
def _translated(*errors: type[Exception]) -> Iterator[None]:
    try:
        yield
    except errors as error:
        raise Unavailable(
            "The database does not answer.", hint="Check that it runs; Shipway goes on by itself."
        ) from error


async def _finish(connection: AsyncConnection, act: Callable[[], Awaitable[None]]) -> None:
    try:
        await act()
    finally:
        await connection.close()


async def _to_its_end(work: Awaitable[T]) -> T:
    """Await `work`; cancelled meanwhile, however often, wait all the same and only then pass it on."""
    task, cancelled = asyncio.ensure_future(work), False
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        task.exception()
        raise asyncio.CancelledError
    return task.result()


def _sqlite_engine(url: str) -> AsyncEngine:
    """SQLite as it must be set up not to lose updates: WAL, and BEGIN IMMEDIATE for whoever will write."""
    engine = create_async_engine(url, connect_args={"timeout": 5}, hide_parameters=True)

    @event.listens_for(engine.sync_engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def on_begin(connection: Any) -> None:
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('shipway_begin', 'IMMEDIATE')}")

    return engine
