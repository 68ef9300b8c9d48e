"""Who is given which secret: variables that refer to one instead of having a value, and files under `/run/secrets`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import Table, delete, insert, select

from shipway.domain.clock import now
from shipway.domain.config import ChangeKind, ChangeVerb, Holder
from shipway.domain.service import Service
from shipway.store import config_changes
from shipway.store import tables as t
from shipway.store.config_changes import owner_of
from shipway.store.database import Tx

Bound = Literal["variable", "file"]


@dataclass(frozen=True, slots=True)
class Bindings:
    """By name of the variable or the file: to the reference, as somebody wrote it."""

    variables: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


async def own(tx: Tx, holder: Holder) -> Bindings:
    """A service's own, or those that an environment's services have in common: of these none is a file."""
    variables = {name: each for name, each in (await _variables(tx, holder)).items() if each}
    return Bindings(variables, await _files(tx, holder) if isinstance(holder, Service) else {})


async def effective(tx: Tx, service: Service) -> Bindings:
    """What the next release takes: a service's own variables, of whichever kind, come before its environment's."""
    shared = await _all(tx, t.environment_vars, "environment_id", service.environment_id)
    merged = shared | await _variables(tx, service)
    return Bindings({name: merged[name] for name in sorted(merged) if merged[name]}, await _files(tx, service))


async def bind(tx: Tx, holder: Holder, what: Bound, name: str, reference: str, *, actor: str) -> None:
    """Let a variable, in place of a value it had, or a service's file be a secret; of no `reference`: not any more."""
    own_ones = await own(tx, holder)
    if not reference and name not in (own_ones.variables if what == "variable" else own_ones.files):
        return
    table, owner = _variables_of(holder) if what == "variable" else (t.secret_files, "service_id")
    await tx.execute(delete(table).where(table.c[owner] == holder.id, table.c.name == name))
    if reference:
        row = {owner: holder.id, "name": name, "reference": reference, "updated_at": now(), "updated_by": actor}
        # What is secret is no build argument: those can be read in the image.
        value = {"value": "", "buildtime": False} if what == "variable" else {}
        await tx.execute(insert(table).values(row | value))
    kind: ChangeKind = "variable" if what == "variable" else "secret-file"
    verb: ChangeVerb = "set" if reference else "unset"
    await config_changes.record(tx, owner_of(holder), kind, name, verb, actor=actor, reference=reference)


async def _variables(tx: Tx, holder: Holder) -> dict[str, str]:
    return await _all(tx, *_variables_of(holder), holder.id)


async def _files(tx: Tx, service: Service) -> dict[str, str]:
    return await _all(tx, t.secret_files, "service_id", service.id)


def _variables_of(holder: Holder) -> tuple[Table, str]:
    """And the name of the column that says whose a row is."""
    return (t.config_vars, "service_id") if isinstance(holder, Service) else (t.environment_vars, "environment_id")


async def _all(tx: Tx, table: Table, owner: str, owner_id: str) -> dict[str, str]:
    """The reference of every row, which is empty for a variable that has a value."""
    rows = await tx.execute(select(table).where(table.c[owner] == owner_id).order_by(table.c.name))
    return {row.name: row.reference for row in rows}
