"""Config vars: what an environment and a service give their instances, and how that came about (S5.1)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from shipway.domain.service import Service
from shipway.domain.tenancy import Environment

#: Whose a config var is: the environment's, for all its services, or the service's own.
Origin = Literal["environment", "service"]
Holder = Environment | Service
ChangeKind = Literal["variable", "build-secret", "secret-file", "file", "secret"]
ChangeVerb = Literal["set", "unset", "revoked"]

_NO_MARKS: Mapping[str, bool] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Var:
    """One config var."""

    name: str
    value: str = field(repr=False)
    origin: Origin = "service"
    #: Whether builds get it as an argument, too.
    buildtime: bool = False
    #: Of the secret that it is, as `secret_reference` reads it; `value` is empty then.
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of what instances or builds are given. The configuration at any time is the fold of those before it."""

    #: Rises with time.
    id: int
    kind: ChangeKind
    name: str
    change: ChangeVerb
    #: Of a variable, what it was set to; of a file, its hash; never a secret's.
    value: str = field(repr=False)
    reference: str
    buildtime: bool
    origin: Origin
    actor: str
    at: datetime


def merge(environment: Mapping[str, Var], service: Mapping[str, Var]) -> dict[str, Var]:
    """What a service is given, by name: its own come first."""
    both = {**environment, **service}
    return {name: both[name] for name in sorted(both)}


def changed(
    before: Mapping[str, Var],
    values: Mapping[str, str],
    unset: Sequence[str],
    *,
    origin: Origin,
    marks: Mapping[str, bool] = _NO_MARKS,
) -> dict[str, Var]:
    """`before` with `values` set, `unset` gone, and marked for builds or not as `marks` says. Other marks stay."""
    after = {name: var for name, var in before.items() if name not in unset}
    for name, value in values.items():
        after[name] = Var(name, value, origin, buildtime=name in before and before[name].buildtime)
    for name in marks.keys() & after.keys():
        after[name] = replace(after[name], buildtime=marks[name])
    return after


def fold(changes: Iterable[Change]) -> dict[str, Var]:
    """The config vars of a service, or of an environment, that these changes, oldest first, have led to."""
    own: dict[Origin, dict[str, Var]] = {"environment": {}, "service": {}}
    for each in changes:
        if each.kind != "variable":
            continue
        if each.change == "set":
            made = Var(each.name, each.value, each.origin, each.buildtime, each.reference)
            own[each.origin][each.name] = made
        else:
            own[each.origin].pop(each.name, None)
    return merge(own["environment"], own["service"])


def fold_names(changes: Iterable[Change], kind: ChangeKind) -> tuple[str, ...]:
    """Names of what these changes have left there of one kind, sorted."""
    last = {each.name: each.change for each in changes if each.kind == kind}
    return tuple(sorted(name for name, change in last.items() if change == "set"))
