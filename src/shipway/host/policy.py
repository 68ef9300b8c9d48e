"""Keep Debian from starting the services it installs, by the means it offers for that: `policy-rc.d`.

Debian's proxy and registry would take ports that nobody offered them; its way to start Docker fails on machines without
systemd that don't let it raise limits, and the whole installation with it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

POLICY = Path("/usr/sbin/policy-rc.d")

_MARK = "# Made by Shipway's set-up while it installs packages; removed again right after."
_NOT_ALLOWED = 101


@contextmanager
def not_started(services: Sequence[str], policy: Path = POLICY) -> Iterator[None]:
    """While this lasts, packages that are installed don't start these services; about all others the policy that was
    there decides. It is put back at the end, and by the next run if this one is killed.
    """
    previous = policy.with_name(f"{policy.name}.before-shipway")
    if policy.exists() and _MARK not in policy.read_text():
        policy.replace(previous)
    policy.write_text(_script(services, previous))
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()
        if previous.exists():
            previous.replace(policy)


def _script(services: Sequence[str], previous: Path) -> str:
    patterns = "|".join(f"{name}|{name}.*|{name}@*" for name in services)
    return "\n".join(
        [
            "#!/bin/sh",
            _MARK,
            f'case "$1" in {patterns}) exit {_NOT_ALLOWED} ;; esac' if services else ":",
            f"[ -x {previous} ] || exit 0",
            f'exec {previous} "$@"',
            "",
        ]
    )
