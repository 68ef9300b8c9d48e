"""What is secret, kept out of what a build says: a command may well print what it was given."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from shipway.builders.builder import BuildRequest
from shipway.builders.progress import CUT, LINE_LIMIT, Event, Failed, Output, Progress, Said, Started
from shipway.builders.registry_files import spellings
from shipway.domain import masking as domain
from shipway.domain.leaks import looks_secret, names_secret
from shipway.domain.masking import MASK, SHORTEST

#: A key or a token by its looks, whatever it is called.
_RANDOM = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w+/=-]{20,}")
_USER_INFO = re.compile(r"//([^/?#\s]+)@")
#: The same as people write it, with a password that should have been escaped.
_LOGIN = re.compile(r"//([^\s@/?#]*:\S+)@")


class Masking(domain.Masking):
    """Knows of lines that were cut in their middle, too."""

    def __call__(self, text: str) -> str:
        """The text as it may be shown."""
        shown = super().__call__(text)
        # What was cut is longer; colours may have been taken out of it since.
        return self._without_halves(shown) if len(text) > LINE_LIMIT // 2 else shown

    def _without_halves(self, text: str) -> str:
        """Without what is left of secrets that lost their end or beginning with the middle of their line."""
        before, cut, after = text.partition(CUT)
        halves = [(part, size) for part in self.parts for size in range(SHORTEST, len(part))] if cut else []
        begun = max((part[:size] for part, size in halves if before.endswith(part[:size])), key=len, default="")
        ended = max((part[-size:] for part, size in halves if after.startswith(part[-size:])), key=len, default="")
        before, after = before.removesuffix(begun) + MASK * bool(begun), MASK * bool(ended) + after.removeprefix(ended)
        return f"{before}{cut}{after}"

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
    # Of a proxy's address only who uses it is secret: by its host people find out what is wrong with it. Of an
    # address that is a secret as a whole, that part may be told by itself, too.
    urls = (*own, *request.proxies.values())
    users = [part for url in urls for info in _USER_INFO.findall(url) for part in _parts(info)]
    return Masking([*own, *registries, *users])


def masking_of_environment(environment: Mapping[str, str], secrets: Collection[str]) -> Masking:
    """What must not be shown of an instance's variables: those that are `secrets`; of the others what looks like a
    credential or is named like one, and who logs in at addresses. Host names and the like stay: by them people find out
    what is wrong."""
    hidden = [value for name, value in environment.items() if name in secrets or _is_hidden(name, value)]
    users = [part for value in environment.values() for info in _LOGIN.findall(value) for part in _parts(info)]
    return Masking([*hidden, *users, *map(unquote, users)])


def _is_hidden(name: str, value: str) -> bool:
    return names_secret(name) or looks_secret(name, value) or bool(_RANDOM.fullmatch(value))


def _parts(info: str) -> tuple[str, str]:
    """`user:password`, and the password alone."""
    return info, info.partition(":")[2]
