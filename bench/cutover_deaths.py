"""How instances ended, as Docker tells it: proves that an app that is to make its end difficult did."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


@contextmanager
def watched(installation: str) -> Iterator[list[str]]:
    """Lines of Docker's, one for each container of the installation that died in the context; filled at its end."""
    form = ["--filter", "type=container", "--filter", "event=die", "--format", "{{json .Actor.Attributes}}"]
    listener = subprocess.Popen(["docker", "events", *form], stdout=subprocess.PIPE, text=True)
    told: list[str] = []
    try:
        yield told
    finally:
        listener.terminate()
        told += [line for line in listener.communicate()[0].splitlines() if f'"{installation}.' in line]


def exit_codes(told: Iterable[str], service: str) -> Counter[int]:
    """With which codes the `web` instances of a service ended."""
    ends = [json.loads(line) for line in told]
    return Counter(int(end["exitCode"]) for end in ends if f".production.{service}.v" in end["name"])
