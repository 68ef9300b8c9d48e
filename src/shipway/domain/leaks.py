"""Values that look like credentials, by their name or by their own shape. Pure, and in time linear in what they are given."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import log2

_NAMES = re.compile(
    r"(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?|AUTH_?KEY)(?:_KEY)?(?:_BASE|_ID)?\d*$",
    re.IGNORECASE,
)
#: By what it is. Each begins where it can begin but once: a long value is looked through in no time.
_SHAPES: Mapping[str, str] = {
    "an AWS access key": r"(?:AKIA|ASIA)[0-9A-Z]{16}",
    "a GitHub token": r"gh[pousr]_\w{30,}|github_pat_\w{30,}",
    "a GitLab token": r"glpat-[\w-]{20}",
    "a Slack token": r"xox[abprs]-[\w-]{10,}",
    "a Stripe key": r"[sr]k_live_\w{16,}",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY",
    "a JSON Web Token": r"(?<![\w-])eyJ[\w-]{10,}\.eyJ[\w-]{10,}",
    "an npm token": r"npm_\w{36}",
    "a PyPI token": r"pypi-\w{40,}",
    "a Google API key": r"AIza[\w-]{35}",
    "a URL with a password in it": r"(?<![a-z0-9+])[a-z][a-z0-9+]{0,20}://[^\s:/@]*:[^\s:/@$]+@",
}
_ANY = re.compile("|".join(_SHAPES.values()))
#: What stands where a value is to be filled in, or is none.
_HARMLESS = re.compile(r"|true|false|yes|no|none|null|\d{1,5}|\*+|.*\$.*|/.*|<.*>", re.IGNORECASE)
#: Words of one alphabet and nothing else: what generators of keys write. A hash or a UUID is none of these.
_RANDOM = re.compile(r"(?!(?:pk_|sha\d+-))(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=\D*\d)[A-Za-z0-9+/_-]{24,200}={0,2}")


@dataclass(frozen=True, slots=True)
class Exposed:
    """A config var that whoever may see the config may read, and that had better be a secret."""

    name: str
    #: What it looks like, and by what: the rest of "its value looks like …" or "its name …".
    reason: str

    @property
    def hint(self) -> str:
        """What to do about it."""
        return f"Keep it as a secret: `shipway secrets set {self.name}`, then `shipway secrets bind {self.name}`."


def exposed(values: Mapping[str, str]) -> tuple[Exposed, ...]:
    """Those of these config vars that look like credentials, by name."""
    return tuple(_exposed(values.items()))


def _exposed(values: Iterable[tuple[str, str]]) -> Iterable[Exposed]:
    for name, value in sorted(values):
        if found := _ANY.search(value):
            shape = next(what for what, pattern in _SHAPES.items() if re.match(pattern, found[0]))
            yield Exposed(name, f"its value looks like {shape}")
        elif looks_secret(name, value):
            yield Exposed(name, "its name says that it is one")
        elif looks_random(name, value):
            yield Exposed(name, "its value looks random, as keys do")


def looks_random(name: str, value: str) -> bool:
    """Whether a generator of keys may have written it, and its name does not say that it is public."""
    if "PUBLIC" in name.upper() or not _RANDOM.fullmatch(value):
        return False
    shares = [value.count(each) / len(value) for each in set(value)]
    entropy = -sum(share * log2(share) for share in shares)
    # In words, capitals and digits stand at their ends: of a key's neighbours every other two are of different kinds.
    turns = sum(_kind(one) != _kind(next_) for one, next_ in pairwise(value))
    return entropy >= 0.85 * log2(min(len(value), 40)) and turns >= 0.4 * len(value)


def _kind(character: str) -> int:
    return character.islower() + 2 * character.isupper() + 3 * character.isdigit()


def names_secret(name: str) -> bool:
    """Whether a variable of that name usually holds a secret: `DB_PASSWORD`, not `PASSWORD_FILE`."""
    return bool(_NAMES.search(name)) and not name.upper().startswith("PUBLIC")


def looks_secret(name: str, value: str) -> bool:
    """Whether this is likely a credential: a known shape, or a name that says so and a value that is not a stand-in."""
    return bool(_ANY.search(value)) or (names_secret(name) and not _HARMLESS.fullmatch(value))


#: Files that people keep secrets in; examples and public halves aside.
_FILES = re.compile(
    r"(?:^|/)(?:\.env(?:\.(?!example|sample|template|dist)[\w.-]+)?|id_(?:rsa|ed25519|ecdsa)|\.netrc|\.pypirc)$"
)


def keeps_secrets(path: str) -> bool:
    """Whether a file of that name usually holds secrets: `.env`, `id_rsa`, not `.env.example`."""
    return bool(_FILES.search(path))


def has_credential(text: str) -> bool:
    """Whether a known shape of a credential is in it, such as a token, or a password in a URL; a variable is none."""
    return any("$" not in match[0] for match in _ANY.finditer(text))
