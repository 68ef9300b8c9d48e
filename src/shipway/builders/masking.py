"""What is secret, kept out of what a build says: a command may well print what it was given."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from shipway.builders.builder import BuildRequest
from shipway.builders.progress import Event, Failed, Output, Progress, Said, Started
from shipway.builders.registry_files import spellings

#: Stands in for what is not shown.
MASK = "•••"
#: Whatever is shorter is found by chance all over a log, and is no secret.
_SHORTEST = 4
_USER_INFO = re.compile(r"//([^/\s@]+)@")


class Masking:
    """Replaces secrets in texts. Of a secret of several lines, each line is one."""

    def __init__(self, secrets: Iterable[str]) -> None:
        parts = {part.strip() for secret in secrets for part in secret.splitlines()}
        longest_first = sorted((part for part in parts if len(part) >= _SHORTEST), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __call__(self, text: str) -> str:
        """The text as it may be shown."""
        return self._pattern.sub(MASK, text) if self._pattern else text

    def over(self, progress: Progress) -> "MaskedProgress":
        """The same progress, without secrets."""
        return MaskedProgress(progress, self)


@dataclass(frozen=True, slots=True)
class MaskedProgress:
    """A reader of progress whose events can be shown."""

    progress: Progress
    masking: Masking

    def feed(self, data: bytes) -> list[Event]:
        """See `Progress`."""
        return [self._masked(event) for event in self.progress.feed(data)]

    def close(self) -> list[Event]:
        """See `Progress`."""
        return [self._masked(event) for event in self.progress.close()]

    def _masked(self, event: Event) -> Event:
        match event:
            case Started(step, name):
                return Started(step, self.masking(name))
            case Failed(step, error):
                return Failed(step, self.masking(error))
            case Output(step, text):
                return Output(step, self.masking(text))
            case Said(text):
                return Said(self.masking(text))
        return event


def masking_of(request: BuildRequest) -> Masking:
    """What must not be shown of this build."""
    own = [value.decode(errors="replace") for value in request.secrets.values()]
    registries = [spelling for credential in request.registries for spelling in spellings(credential)]
    # Of a proxy's address only who uses it is secret: by its host people find out what is wrong with it.
    users = [part for url in request.proxies.values() for info in _USER_INFO.findall(url) for part in _parts(info)]
    return Masking([*own, *registries, *users])


def _parts(info: str) -> tuple[str, str]:
    """`user:password`, and the password alone."""
    return info, info.partition(":")[2]
