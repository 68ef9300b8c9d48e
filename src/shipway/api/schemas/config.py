"""Config vars, and what only builds get."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from shipway.api.schemas.fields import Request, View
from shipway.domain.config import ChangeKind, ChangeVerb, Origin
from shipway.operations.config import Config
from shipway.operations.config_checks import MOST_OF_ONE

#: The operations count its bytes, with a hint.
Value = Annotated[str, Field(max_length=MOST_OF_ONE, json_schema_extra={"pattern": r"^[^\x00]*$"})]
#: The operations check names, with a hint; this is for readers of the description.
_NAME = r"^(?!(PORT|SHIPWAY|SHIPWAY_.*)$)[A-Za-z_][A-Za-z0-9_]{0,199}$"
Name = Annotated[str, Field(max_length=200, json_schema_extra={"pattern": _NAME})]


class WarningOut(View):
    """A value that whoever may see the config may read, and that had better be a secret."""

    name: str
    reason: str = Field(description="What it looks like, and by what.")
    hint: str = Field(description="What to do about it.")


class ConfigOut(BaseModel):
    """A service's or an environment's config as the next release and build will have it, or as it was."""

    config: dict[str, str] = Field(description="Values in effect; a service's own come before its environment's.")
    secrets: dict[str, str] = Field(
        description="Config vars that are secrets, and which: `NAME`, `NAME@3`, `NAME@latest`."
    )
    environment: list[str] = Field(description="Names of the config vars that are the environment's, secrets too.")
    buildtime: list[str] = Field(description="Names of the config vars that builds get as arguments.")
    build_secrets: list[str] = Field(description="Names of what builds may mount; the values are never shown.")
    warnings: list[WarningOut] = Field(
        description="Values that look like credentials: after a change those it set, else all."
    )

    @classmethod
    def of(cls, config: Config) -> "ConfigOut":
        """From the operation's answer."""
        return cls(
            config=config.values,
            secrets=config.secrets,
            environment=list(config.environment),
            buildtime=list(config.buildtime),
            build_secrets=list(config.build_secrets),
            warnings=[WarningOut.model_validate(each) for each in config.warnings],
        )


class ChangeOut(View):
    """One change of what instances or builds are given."""

    id: int = Field(description="Rises with time.")
    at: datetime
    actor: str = Field(description="Who made it.")
    origin: Origin = Field(description="Whose it is: the environment's, for all its services, or the service's own.")
    kind: ChangeKind
    name: str
    change: ChangeVerb
    value: str = Field(description="Of a variable, what it was set to; of a file, its hash; never a secret's.")
    reference: str = Field(description="Of the secret that it is, instead of a value.")
    buildtime: bool = Field(description="Of a variable, whether builds get it as an argument.")


class ChangePage(BaseModel):
    """Changes, newest first."""

    changes: list[ChangeOut]
    next_before: int | None = Field(description="`before` of the next page; null on the last.")


class EnvironmentConfigChange(Request):
    """Several changes at once: all of them or none."""

    set: dict[Name, Value] = Field(default={}, max_length=1000, json_schema_extra={"additionalProperties": False})
    unset: list[Name] = Field(default=[], max_length=1000)
    buildtime: dict[Name, bool] = Field(
        default={},
        max_length=1000,
        json_schema_extra={"additionalProperties": False},
        description="Whether builds get each of these as an argument; others stay as they are.",
    )


class ConfigChange(EnvironmentConfigChange):
    """The same, and what only builds get."""

    build_secrets: dict[Name, Value] = Field(
        default={},
        max_length=100,
        json_schema_extra={"additionalProperties": False},
        description="What builds may mount under its name as the id of a secret, and the app is not given.",
    )
