"""Every error Shipway raises on purpose, sorted by whose fault it is.

* The **caller's** (`CallerError`): the request can't be done as asked; answered with a 4xx, never retried.
* The **app's** (`DeployFailed`): recorded on the deployment, shown with its evidence and a hint, never retried.
* The **world's** (`Unavailable`): the engine, the proxy, the registry or the network; retried with back-off, 503, exit code 75.

Anything else that is raised is our bug. Adapters translate their library's exceptions at their own edge.
"""

from collections.abc import Sequence


class ShipwayError(Exception):
    """What went wrong (`message`), what to do next (`hint`), and a `code` that stays the same between versions."""

    code = "internal"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class CallerError(ShipwayError):
    """The request can't be done as asked."""

    code = "invalid"


class Invalid(CallerError):
    """A value is malformed or contradicts another; the message names it."""


class Unauthenticated(CallerError):
    """Nobody is logged in, or the token is unknown, revoked or expired."""

    code = "unauthenticated"


class Forbidden(CallerError):
    """Logged in, but this role or token may not do that."""

    code = "forbidden"


class NotFound(CallerError):
    """It does not exist, or it belongs to another workspace: the two are never told apart."""

    code = "not-found"


class Conflict(CallerError):
    """It clashes with something that exists, or with the present state."""

    code = "conflict"


class LimitReached(CallerError):
    """A plan's or the machine's limit; the message says which, and what is free."""

    code = "limit-reached"


class NoRoom(Conflict):
    """The machine is too small for it; the message says what it takes and what is free."""

    code = "no-room"


class WouldInterrupt(Conflict):
    """It can't be done without an interruption, and none is allowed."""

    code = "would-interrupt"


class SecretMissing(Conflict):
    """A secret, or that version of it, that something refers to does not exist in its environment."""

    code = "secret-missing"


class SecretRevoked(Conflict):
    """The version of a secret that something refers to was revoked: nobody can have its value any more."""

    code = "secret-revoked"


class VaultRefused(Conflict):
    """The Vault that keeps the values of secrets does not let Shipway in, or not to where that one is."""

    code = "vault-refused"


class ImagePruned(Conflict):
    """The image of a release is not there any more: nothing of it can be started."""

    code = "image-pruned"


class WouldBin(Conflict):
    """It leaves volumes with data without an instance, and nobody has said that this is meant."""

    code = "would-bin"


class Unavailable(ShipwayError):
    """A part of the world did not answer. Whoever can wait, retries."""

    code = "unavailable"


class DeployFailed(ShipwayError):
    """The deployment can't succeed as it is. `evidence` holds the lines that prove it, oldest first.

    `code` is the failure's class: stable, lower-case with dashes, documented in `docs/reference/failures.md`.
    """

    code = "deploy-failed"

    def __init__(self, message: str, *, hint: str = "", code: str = "", evidence: Sequence[str] = ()) -> None:
        super().__init__(message, hint=hint)
        self.code = code or type(self).code
        self.evidence = tuple(evidence)
        #: The step it happened in, as `Run.step` found it.
        self.step = ""


class SourceFailed(DeployFailed):
    """The code could not be had: unknown ref, repository that does not answer, access denied."""

    code = "source-failed"


class AnalysisFailed(DeployFailed):
    """Nothing says how to build or start this, or what says so is wrong."""

    code = "nothing-detected"


class BuildFailed(DeployFailed):
    """The image could not be built."""

    code = "build-failed"


class ReleaseChanged(DeployFailed):
    """A release is not what it was when it was made. Nothing of it is started."""

    code = "release-changed"


class ReleaseCommandFailed(DeployFailed):
    """The `release:` command ended with something other than 0. (Not in time is the engine's to say: `timeout`.)"""

    code = "release-command-failed"


class Unhealthy(DeployFailed):
    """A candidate instance did not pass its probe; `code` says in which way."""

    code = "unhealthy"


class RetriesExhausted(DeployFailed):
    """A part of the world stayed unavailable for longer than a deployment waits."""

    code = "gave-up"


class Cancelled(DeployFailed):
    """Someone asked for it to stop before traffic moved."""

    code = "cancelled"


class Broken(DeployFailed):
    """Our own bug, contained: the traceback is in Shipway's log under the id in the message."""

    code = "internal"
