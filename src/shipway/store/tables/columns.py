"""What all tables are made of: the metadata they are in, and the columns that most of them have."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, Dialect, ForeignKey, MetaData, String, TypeDecorator


class Instant(TypeDecorator[datetime]):
    """A moment in UTC, kept as ISO 8601 text of one fixed width: sorts as it reads, the same on every database."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """To the database."""
        return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """From the database."""
        return None if value is None else datetime.fromisoformat(value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def row_id() -> Column[str]:
    """The identity of a row, as `domain.ids` makes them."""
    return Column("id", String(40), primary_key=True)


def references(table: str) -> Column[str]:
    """Whose the row is: it goes when that one does."""
    return Column(_named(table), String(40), _of(table), nullable=False, index=True)


def key_of(table: str) -> Column[str]:
    """The same, and by it, alone or with other columns, the row is known."""
    return Column(_named(table), String(40), _of(table), primary_key=True)


def created() -> Column[datetime]:
    """When the row came to be."""
    return Column("created_at", Instant, nullable=False)


def deleting() -> Column[datetime]:
    """Since when it is being deleted: nobody finds it any more, and the row goes when all that it had has gone."""
    return Column("deleting_at", Instant)


def _named(table: str) -> str:
    return f"{table.removesuffix('s')}_id"


def _of(table: str) -> ForeignKey:
    return ForeignKey(f"{table}.id", ondelete="CASCADE")
