"""One way in which a build fails, and what the ways have in common. Data only; the table is `failure_rules.py`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

EXTRA_CA_HINT = (
    "A proxy on the way seems to replace certificates. Put its certificate into a PEM file, name that in the setting "
    "extra_ca (SHIPWAY_EXTRA_CA), and in a Dockerfile of your own mount it where it is needed: "
    "RUN --mount=type=secret,id=shipway-ca."
)
DNS_HINT = "Check this machine's name servers, and the name itself: a build sees what `docker run` sees."


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to fail. Named groups of the patterns, and `instruction`, `exit`, `image`, `at`, fill message and hint;
    `package` is the system package that has what `what` names. A digit after a group's name does not count."""

    code: str
    message: str
    hint: str
    #: Any of them found in a line is a match; none at all: the exit code alone decides.
    patterns: tuple[re.Pattern[str], ...] = ()
    #: Exit codes it is limited to; empty for any.
    exit_codes: tuple[int, ...] = ()
    #: What `{what}` says when no pattern named it.
    fallback: str = "something"
    #: Whether the first match is the cause, as with compilers; else it is the last.
    first: bool = False
    #: How many lines before and after the match belong to it.
    before: int = 0
    after: int = 0

    def applies_to(self, exit_code: int) -> bool:
        """Whether the command's exit code allows this rule."""
        return not self.exit_codes or exit_code in self.exit_codes


def rule(
    code: str,
    message: str,
    hint: str,
    *patterns: str,
    exit_codes: Sequence[int] = (),
    fallback: str = "something",
    first: bool = False,
    before: int = 0,
    after: int = 0,
) -> Rule:
    compiled = tuple(re.compile(pattern) for pattern in patterns)
    return Rule(code, message, hint, compiled, tuple(exit_codes), fallback, first, before, after)


DISK = rule(
    "out-of-disk",
    "The disk is full: {instruction}{at} could not write.",
    "Free space on this machine (`docker system df` shows what the engine holds), or let the step leave less behind; "
    "then deploy again.",
    r"(?i)no space left on device",
    r"\bENOSPC\b(?!.*watchers)",
    r"(?i)disk quota exceeded",
    r"(?i)not enough free space",
)

TLS_PATTERNS = (
    r"CERTIFICATE_VERIFY_FAILED",
    r"(?i)SSL certificate problem",
    r"x509: .*(?:unknown authority|certificate)",
    r"UNABLE_TO_(?:GET_ISSUER_CERT|VERIFY_LEAF_SIGNATURE)",
    r"(?i)self.signed certificate",
    r"(?i)unable to get (?:local )?issuer certificate",
    r"(?i)invalid peer certificate",
    r"(?i)certificate verification failed",
    r"(?i)server certificate verification failed",
    r"PKIX path building failed",
    r"(?i)server verification failed: certificate",
)
DNS_PATTERNS = (
    r"lookup (?P<what>\S+?)(?: on \S+)?: (?:no such host|server misbehaving|i/o timeout)",
    r"(?i)could not resolve (?:host(?:name)?:? |proxy: |')(?P<what>[\w.-]+)",
    r"could not translate host name \"(?P<what>[^\"]+)\"",
    r"getaddrinfo (?:ENOTFOUND|EAI_AGAIN) (?P<what>\S+)",
    r"wget: bad address '(?P<what>[^']+)'",
    r"Temporary failure resolving '(?P<what>[^']+)'",
    r"host='(?P<what>[^']+)'.*(?:Name or service not known|name resolution)",
    r"(?i)name or service not known|temporary failure in name resolution|nodename nor servname",
    r"(?i)failed to lookup address information|\bdns error\b|UnknownHostException(?:: (?P<what>\S+))?",
)
CONNECTION_PATTERNS = (
    r"dial tcp (?P<what>\S+): (?:connect: )?(?:connection refused|i/o timeout|network is unreachable|no route to host)",
    r"(?:ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH) (?P<what>\S+)",
    r"(?i)failed to connect to (?P<what>\S+)",
    r"\b(?:ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT)\b",
    r"(?i)connection (?:refused|timed out|reset by peer)|network is unreachable|no route to host",
    r"(?i)TLS handshake timeout|i/o timeout|Client\.Timeout exceeded|ReadTimeoutError|ConnectTimeoutError",
)
