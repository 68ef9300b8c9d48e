"""Values that look like credentials, by their name or by their own shape."""

import re

_NAMES = re.compile(
    r"(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?|AUTH_?KEY)(?:_KEY)?(?:_BASE|_ID)?\d*$",
    re.IGNORECASE,
)
_SHAPES = re.compile(
    r"AKIA[0-9A-Z]{16}|gh[pousr]_\w{30,}|github_pat_\w{30,}|glpat-[\w-]{20}|xox[abprs]-[\w-]{10,}|[sr]k_live_\w{16,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY|eyJ[\w-]{10,}\.eyJ[\w-]{10,}|npm_\w{36}|pypi-\w{40,}|AIza[\w-]{35}"
    r"|[a-z][a-z0-9+]*://[^\s:/@]+:[^\s:/@$]+@"
)
#: What stands where a value is to be filled in, or is none.
_HARMLESS = re.compile(r"|true|false|yes|no|none|null|\d{1,5}|\*+|.*\$.*|/.*|<.*>", re.IGNORECASE)


def names_secret(name: str) -> bool:
    """Whether a variable of that name usually holds a secret: `DB_PASSWORD`, not `PASSWORD_FILE`."""
    return bool(_NAMES.search(name)) and not name.upper().startswith("PUBLIC")


def looks_secret(name: str, value: str) -> bool:
    """Whether this is likely a credential: a known shape, or a name that says so and a value that is not a stand-in."""
    return bool(_SHAPES.search(value)) or (names_secret(name) and not _HARMLESS.fullmatch(value))


#: Files that people keep secrets in; examples and public halves aside.
_FILES = re.compile(
    r"(?:^|/)(?:\.env(?:\.(?!example|sample|template|dist)[\w.-]+)?|id_(?:rsa|ed25519|ecdsa)|\.netrc|\.pypirc)$"
)


def keeps_secrets(path: str) -> bool:
    """Whether a file of that name usually holds secrets: `.env`, `id_rsa`, not `.env.example`."""
    return bool(_FILES.search(path))


def has_credential(text: str) -> bool:
    """Whether a known shape of a credential is in it, such as a token, or a password in a URL; a variable is none."""
    return any("$" not in match[0] for match in _SHAPES.finditer(text))
