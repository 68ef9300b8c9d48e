"""An environment variable that is missing, as languages and their libraries say so. Data; `diagnosis_rule.py` reads it."""

import re
from collections.abc import Sequence

from shipway.pipeline.diagnosis_rule import Rule, Words, rule

_ANY = r"[\"'`$\[{(<]*(?P<what>[A-Z][A-Z0-9_]{2,})[\"'`\]})>]*"
#: Words in capitals are common; with an underscore, or one of these, they are names of variables.
_PLAIN = r"(?<!\w)(?P<what>\$\{?[A-Z][A-Z0-9_]+\}?|[A-Z][A-Z0-9]*_[A-Z0-9_]+|PORT|HOST|TOKEN|SECRET|DSN|PASSWORD|APIKEY)[\"'`]?"
_ABSENT = (
    r"(?:not (?:been )?(?:set|defined|found|present|provided|specified|configured)|missing|required|unset|undefined|empty"
    r"|must (?:be|not be) (?:set|defined|provided|present|specified|empty|null))"
)
_NAMES = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")


def _tell(words: dict[str, str], _lines: Sequence[str]) -> Words:
    """Every name that was found, spelt as a variable is: libraries also tell fields of settings and properties."""
    found = dict.fromkeys(re.sub(r"\W", "_", name.strip("._-")).upper() for name in _NAMES.findall(words["all"]))
    names = [name for name in found if name not in ("AND", "OR")]
    return {
        "what": ", ".join(names) or words["what"],
        "assignments": " ".join(f"{name}=…" for name in names) or "NAME=…",
    }


_CAUSE = "its environment has no {what}"
_HINT = "Set what it needs: `shipway config set {assignments}` and `shipway retry`."

VARIABLES: tuple[Rule, ...] = (
    rule(
        "missing-variable",
        _CAUSE,
        _HINT,
        # Python
        r"^KeyError: '(?P<what>[A-Z][A-Z0-9_]{2,})'$",
        near=r"environ|<frozen os>|/os\.py|getenv|\A(?!(?:.*\n)*?Traceback)",
        fallback="variable that the lines below name",
        before=6,
        tell=_tell,
    ),
    rule(
        "missing-variable",
        _CAUSE,
        f"{_HINT} Where the settings class has an env_prefix, put that before it.",
        r"^(?P<what>[A-Za-z_]\w*)\n\s+(?i:field required)(?: [\[(]type=.*)?$",
        near=r"validation errors? for \w*(?i:settings|config|env)",
        before=1,
        tell=_tell,
    ),
    rule(
        "missing-variable",
        _CAUSE,
        _HINT,
        # Python: Django, django-environ, decouple, environs, Starlette
        r"ImproperlyConfigured: The (?P<what>[A-Z_]+) setting must not be empty",
        r"ImproperlyConfigured: Set the (?P<what>\w+) environment variable",
        r"UndefinedValueError: (?P<what>\w+) not found",
        r"Config '(?P<what>\w+)' is missing, and has no default",
        # Node: env-var, Joi, Nest, dotenv-safe, Prisma, envalid, zod
        r"env-var: \"(?P<what>\w+)\" is a required variable",
        r"[Cc]onfig validation error: \"(?P<what>\w+)\" is required",
        r"Configuration key \"(?P<what>\w+)\" does not exist",
        r"not present in the environment:\n\s*(?P<what>[A-Z]\w+(?:, ?[A-Z]\w+)*)",
        r"[Ee]nvironment variables?:?(?: not found:?)? \"?(?P<what>[A-Z][A-Z0-9_]{2,})\"?(?: is missing)?\.?$",
        r"(?i:missing|invalid) environment variables:[^\n]*\n(?:\W*\n)?\s*['\"]?(?P<what>[A-Z][A-Z0-9_]{2,})['\"]?:",
        r"(?i:invalid environment variables):?\s*\{\s*['\"]?(?P<what>[A-Z][A-Z0-9_]{2,})['\"]?:",
        r"received: 'undefined',\n\s*path: \[ '(?P<what>[A-Z][A-Z0-9_]{2,})' \]",
        # Ruby: ENV.fetch, dotenv, Figaro, Rails
        r"key not found: \"(?P<what>[A-Z][A-Z0-9_]+)\"",
        r"Missing required configuration keys?: \[(?P<what>[^\]]+)\]",
        r"Missing `(?P<what>secret_key_base)` for",
        r"Missing encryption key to decrypt file with.*ENV\['(?P<what>\w+)'\]",
        # Go: envconfig
        r"required key (?P<what>[A-Z]\w+) missing value",
        # Java: Spring, Quarkus, Typesafe
        r"Could not resolve placeholder '(?P<what>[\w.-]+)'",
        r"Could not resolve substitution to a value: \$\{(?P<what>\w+)\}",
        r"SRCFG000(?:11|14): .*?(?:property|value) (?P<what>[\w.-]+)",
        # Rust: envy
        r"missing value for field (?P<what>\w+)",
        # PHP: phpdotenv
        r"environment variables failed assertions: (?P<what>\w+) is (?:missing|empty|not)",
        r"Undefined array key \"(?P<what>[A-Z][A-Z0-9]*_[A-Z0-9_]+)\"",
        fallback="variable that the lines below name",
        before=2,
        tell=_tell,
    ),
    rule(
        "missing-variable",
        _CAUSE,
        _HINT,
        # Shells: set -u, and ${NAME:?message}
        r": (?P<what>[A-Za-z_]\w*): (?:parameter (?:null or )?not set|unbound variable)",
        r"(?:sh|line \d+|\.sh|: \d+): (?P<what>[A-Z][A-Z0-9_]{2,}): "
        r"(?!(?:command )?not found|No such|[Pp]ermission|[Ii]s a dir)",
        # Some say 127 to this, too.
        exit_codes=(1, 2, 127),
        tell=_tell,
    ),
    rule(
        "missing-variable",
        "its environment has no APP_KEY, which Laravel encrypts with",
        "Make one with `php artisan key:generate --show`, then `shipway config set APP_KEY=…` and `shipway retry`.",
        r"No application encryption key has been specified",
    ),
    rule(
        "missing-variable",
        "its environment has no SPRING_DATASOURCE_URL, nor another address of a database",
        "Set it with its user and password: `shipway config set SPRING_DATASOURCE_URL=…` and `shipway retry`.",
        r"Failed to configure a DataSource: 'url' attribute is not specified",
    ),
    rule(
        "missing-variable",
        _CAUSE,
        _HINT,
        # What people write themselves
        rf"(?i:env(?:ironment)?[ -]?var(?:iable)?s?)\W+{_ANY}(?::)? (?i:is |was |are |has )?(?i:{_ABSENT})",
        r"(?i:missing|required|undefined|unset)(?i: required| mandatory| or empty)*(?i: env(?:ironment)?[ -]?var(?:iable)?s?)"
        r"(?i: is| are| not set)?[:\s]*[\"'`$\[{(]*"
        r"(?P<what>[A-Z][A-Z0-9_]{2,}(?:[\"'`]?(?:,| and) ?[\"'`]?[A-Z][A-Z0-9_]{2,})*)",
        rf"{_PLAIN} (?i:env(?:ironment)?[ -]?var(?:iable)? )?(?i:is |was |are |has )?(?i:{_ABSENT})",
        r"(?i:missing|please set|you must set|must provide|(?<!in )need(?:s)?)(?i: the| a| required| env)* [\"'`$]*"
        r"(?<!\w)(?P<what>[A-Z][A-Z0-9]*_[A-Z0-9_]+)",
        firm=True,
        before=1,
        tell=_tell,
    ),
    rule(
        "missing-variable",
        "its environment lacks {what}",
        _HINT,
        r"`Err` value: NotPresent|EnvVar\(NotPresent\)|: NotPresent\b|^Error: environment variable not found$",
        fallback="a variable that the line of code below reads",
        before=1,
        after=1,
        tell=_tell,
    ),
)
