"""What runs for a deployment."""

from sqlalchemy import JSON, Column, ForeignKey, Integer, String, Table, Text, text

from shipway.store.tables.columns import Instant, key_of, metadata, references

#: What each deployment has started, for the routing table and for whoever cleans up.
rollouts = Table(
    "rollouts",
    metadata,
    key_of("deployments"),
    references("services"),
    #: Deployment that started the `web` instances, and the set they are in the proxy: another one after a warm undo.
    Column("origin", String(40), nullable=False),
    #: `candidate`, `canary`, `switching`, `live`, `draining`, `warm`, `retiring`
    Column("state", String(16), nullable=False),
    Column("targets", JSON, nullable=False),
    Column("instances", JSON, nullable=False),
    #: Names of instances that were stopped for their successors, to be started again should these fail.
    Column("parked", JSON, nullable=False),
    #: Names of instances that get no requests because they are not ready.
    Column("unready", JSON, nullable=False),
    #: Percent of the requests that it gets as a canary.
    Column("percent", Integer, nullable=False, server_default=text("0")),
    #: When a warm one ends.
    Column("until", Instant),
)

#: Of each instance of a rollout that ended while it was live, the last time.
restarts = Table(
    "restarts",
    metadata,
    Column("instance", String(255), primary_key=True),
    Column(
        "deployment_id",
        String(40),
        # Another deployment may adopt a rollout.
        ForeignKey("rollouts.deployment_id", ondelete="CASCADE", onupdate="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    #: Times that Shipway ended it because it failed its liveness probe.
    Column("hung", Integer, nullable=False),
)
