"""Who is given which secret: variables that refer to one instead of having a value, and files under `/run/secrets`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import Table, delete, insert, select

from shipway.domain.clock import now
from shipway.domain.config import ChangeKind, ChangeVerb
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


async def own(tx: Tx, service_id: str) -> Bindings:
    """A service's own."""
    variables = await _all(tx, t.config_vars, "service_id", service_id)
    return Bindings({name: each for name, each in variables.items() if each}, await _files(tx, service_id))


async def of_environment(tx: Tx, environment_id: str) -> Bindings:
    """Those that an environment's services have in common."""
    variables = await _all(tx, t.environment_vars, "environment_id", environment_id)
    return Bindings({name: each for name, each in variables.items() if each})


async def effective(tx: Tx, service: Service) -> Bindings:
    """What the next release takes: a service's own variables, of whichever kind, come before its environment's."""
    shared = await _all(tx, t.environment_vars, "environment_id", service.environment_id)
    merged = shared | await _all(tx, t.config_vars, "service_id", service.id)
    variables = {name: merged[name] for name in sorted(merged) if merged[name]}
    return Bindings(variables, await _files(tx, service.id))


async def bind(tx: Tx, service: Service, what: Bound, name: str, reference: str, *, actor: str) -> None:
    """Let a variable, in place of a value it had, or a file be a secret; of no `reference`: not any more."""
    own_ones = await own(tx, service.id)
    if not reference and name not in (own_ones.variables if what == "variable" else own_ones.files):
        return
    table = t.config_vars if what == "variable" else t.secret_files
    await tx.execute(delete(table).where(table.c.service_id == service.id, table.c.name == name))
    if reference:
        row = {"service_id": service.id, "name": name, "reference": reference, "updated_at": now(), "updated_by": actor}
        # What is secret is no build argument: those can be read in the image.
        value = {"value": "", "buildtime": False} if what == "variable" else {}
        await tx.execute(insert(table).values(row | value))
    kind: ChangeKind = "variable" if what == "variable" else "secret-file"
    verb: ChangeVerb = "set" if reference else "unset"
    await config_changes.record(tx, owner_of(service), kind, name, verb, actor=actor, reference=reference)


async def _files(tx: Tx, service_id: str) -> dict[str, str]:
    return await _all(tx, t.secret_files, "service_id", service_id)


async def _all(tx: Tx, table: Table, owner: str, owner_id: str) -> dict[str, str]:
    """The reference of every row, which is empty for a variable that has a value."""
    rows = await tx.execute(select(table).where(table.c[owner] == owner_id).order_by(table.c.name))
    return {row.name: row.reference for row in rows}
