"""What a running HAProxy says of itself: its description, by which another Shipway knows whether it runs as it should."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """The configuration a process was started with, in short. Equal identities are equal configurations but for routes."""

    #: Address and port it listens on, as HAProxy writes them.
    bind: str = ""
    #: Of everything else that stays the same while routes change.
    fingerprint: str = ""
    #: Backends in its pool.
    pool: int = 0

    def __str__(self) -> str:
        return f"shipway {self.bind} {self.fingerprint} {self.pool}"

    @classmethod
    def parse(cls, text: str) -> "Identity":
        """Read a description; one that is not ours gives an identity equal to none of ours."""
        match text.split():
            case ["shipway", bind, fingerprint, pool] if pool.isdecimal():
                return cls(bind, fingerprint, int(pool))
        return cls()
