"""What instances are given beside their image: config vars, secrets, config files, and every change of these."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from shipway.store.tables.columns import Instant, created, key_of, metadata, references, row_id

config_vars = Table(
    "config_vars",
    metadata,
    key_of("services"),
    Column("name", String(200), primary_key=True),
    Column("value", Text, nullable=False),
    #: Of a secret whose value it has instead, `NAME`, `NAME@3` or `NAME@latest`; `value` is empty then.
    Column("reference", String(240), nullable=False, server_default=""),
    Column("updated_at", Instant, nullable=False),
    Column("updated_by", String(80), nullable=False),
    Column("buildtime", Boolean, nullable=False, server_default=false()),
)

#: The same for all services of an environment; a service's own come first.
environment_vars = Table(
    "environment_vars",
    metadata,
    key_of("environments"),
    Column("name", String(200), primary_key=True),
    Column("value", Text, nullable=False),
    Column("reference", String(240), nullable=False, server_default=""),
    Column("updated_at", Instant, nullable=False),
    Column("updated_by", String(80), nullable=False),
    Column("buildtime", Boolean, nullable=False, server_default=false()),
)

#: What only builds of a service are given, and only to mount. `sealed`: see `sealing.py`.
build_secrets = Table(
    "build_secrets",
    metadata,
    key_of("services"),
    Column("name", String(200), primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("updated_by", String(80), nullable=False),
)

#: An environment's. Their values are in `secret_versions`.
secrets = Table(
    "secrets",
    metadata,
    row_id(),
    references("environments"),
    Column("name", String(200), nullable=False),
    Column("last_version", Integer, nullable=False),
    created(),
    UniqueConstraint("environment_id", "name"),
)

secret_versions = Table(
    "secret_versions",
    metadata,
    key_of("secrets"),
    Column("version", Integer, primary_key=True),
    #: Empty once it is revoked: nobody can have it any more.
    Column("sealed", Text, nullable=False),
    Column("created_by", String(80), nullable=False),
    created(),
    Column("revoked_at", Instant),
    Column("revoked_by", String(80), nullable=False, server_default=""),
)

#: Secrets that a service's instances find as files under `/run/secrets`.
secret_files = Table(
    "secret_files",
    metadata,
    key_of("services"),
    Column("name", String(200), primary_key=True),
    Column("reference", String(240), nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("updated_by", String(80), nullable=False),
)

#: Text files that a service's instances find under `/etc/config`, by their path below it.
config_files = Table(
    "config_files",
    metadata,
    key_of("services"),
    Column("path", String(200), primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("updated_by", String(80), nullable=False),
)

#: What is in config files, once for all that have the same, per workspace: nobody can fetch another's by its hash.
contents = Table(
    "contents",
    metadata,
    key_of("workspaces"),
    Column("sha256", String(64), primary_key=True),
    Column("content", LargeBinary, nullable=False),
    created(),
)

#: Every change of the above, one row each, in the order of `id`: the state at any time is the fold of them.
config_changes = Table(
    "config_changes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    references("environments"),
    #: `None`: of the environment itself.
    Column("service_id", String(40), ForeignKey("services.id", ondelete="CASCADE"), index=True),
    #: `variable`, `build-secret`, `secret-file`, `file`, `secret`
    Column("kind", String(16), nullable=False),
    Column("name", String(200), nullable=False),
    #: `set`, `unset`, `revoked`
    Column("change", String(16), nullable=False),
    #: Of a variable, what it was set to; of a file, its hash; never a secret's.
    Column("value", Text, nullable=False, server_default=""),
    Column("reference", String(240), nullable=False, server_default=""),
    Column("buildtime", Boolean, nullable=False, server_default=false()),
    Column("actor", String(80), nullable=False),
    Column("at", Instant, nullable=False),
)
