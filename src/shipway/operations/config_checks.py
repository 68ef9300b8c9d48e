"""What can be a config var, and what can't: told before anything is stored."""

import re
from collections.abc import Collection, Iterable, Mapping

from shipway.builders.client_inputs import steers_the_client
from shipway.domain.config import Var
from shipway.domain.errors import Invalid

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")
#: Set by Shipway on every instance; setting them would be of no effect (S5.3).
_RESERVED = re.compile(r"PORT|SHIPWAY(_.*)?")
#: Bytes of `NAME=value` and its end: Linux starts nothing that is given a longer one (MAX_ARG_STRLEN).
MOST_OF_ONE = 128 * 1024
#: Bytes of all that a service, or an environment, has. Both together, secrets and an image's own have room in the two
#: mebibytes that Linux has for arguments and environment, with the usual limit of eight for a stack.
MOST_OF_ALL = 512 * 1024


def check_values(*several: Mapping[str, str]) -> None:
    """Names and values that can be handed to a program. Raises `Invalid`."""
    for name, value in (pair for values in several for pair in values.items()):
        _check_name(name)
        if "\0" in value:
            raise Invalid(f"The value of {name} holds a NUL byte.", hint="Environment variables can't; use text.")
        if (size := _size(name, value)) > MOST_OF_ONE:
            raise Invalid(
                f"{name} takes {size:,} bytes with its name; Linux hands a program at most {MOST_OF_ONE:,} in one variable.",
                hint="Keep it as a config file, which is mounted under /etc/config.",
            )


def check_room(path: object, own: Mapping[str, Var]) -> None:
    """Raises `Invalid` when all of a service's own, or an environment's, are too much together."""
    if (size := sum(_size(name, var.value) for name, var in own.items())) > MOST_OF_ALL:
        raise Invalid(
            f"The config vars of {path} would take {size:,} bytes together, and {MOST_OF_ALL:,} is the most.",
            hint="Keep the largest as config files, which are mounted under /etc/config.",
        )


def check_named_once(build_secrets: Collection[str], others: Collection[str]) -> None:
    """Raises `Invalid` when something is to be a build secret and something else, too."""
    if twice := [name for name in build_secrets if name in others]:
        raise Invalid(f"{twice[0]} is named twice.", hint="Change its config var and its build secret one by one.")


def check_arguments(names: Iterable[str]) -> None:
    """Raises `Invalid` for what can't be a build argument."""
    if steering := [name for name in names if steers_the_client(name)]:
        raise Invalid(
            f"{steering[0]} can't be a build argument: it would steer the builder itself.",
            hint="For proxies there are the server's settings build_http_proxy and build_https_proxy; "
            "for anything else, choose another name.",
        )


def check_no_secret(names: Iterable[str]) -> None:
    """Raises `Invalid` when one is to be a build argument: those can be read in the image."""
    for name in names:
        raise Invalid(
            f"{name} is a secret, and builds are given none as an argument: whoever has the image could read it.",
            hint="What a build needs can be set with --build-secret, for it to mount.",
        )


def _size(name: str, value: str) -> int:
    """As a program is handed it: `NAME=value` and a NUL."""
    try:
        return len(f"{name}={value}".encode()) + 1
    except UnicodeEncodeError as error:
        raise Invalid(
            f"The value of {name} is not text in UTF-8.", hint="Encode it, for example with base64."
        ) from error


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise Invalid(
            f"{name!r} can't name a config var.", hint="Use letters, digits and _, not starting with a digit."
        )
    if _RESERVED.fullmatch(name):
        raise Invalid(
            f"{name} is set by Shipway itself.", hint="For the port use `shipway services set PATH --port N`."
        )
