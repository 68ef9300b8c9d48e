"""A refusal by a registry, with what to do about it here: which credential was used, or which one is missing. Pure."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from shipway.builders.builder import BuildRequest
from shipway.builders.client_inputs import npm_registries
from shipway.builders.failures import Wreck
from shipway.builders.progress import readable
from shipway.domain.errors import BuildFailed
from shipway.domain.registries import DOCKER_HUB, RegistryCredential

_REFUSED = "registry-auth"
_MISSING_IMAGE = "base-image-not-found"
_MISSING_PACKAGE = "dependency-not-found"
_IMAGE = re.compile(r"(?:load metadata for|resolve image config for|^FROM) (?:docker-image://)?(\S+)")
_NPM = re.compile(r"\b(?:npm|pnpm|yarn|bun|deno)\b")
_URL_HOST = re.compile(r"https?://(?:[^/\s@]*@)?([\w.-]+(?::\d+)?)")
#: pip asks a terminal that is not there, and fails by that.
_ASKED = re.compile(r"^User for ([\w.-]+(?::\d+)?):")
_REFUSAL = re.compile(r"\b40[13]\b|(?i:unauthorized|forbidden|authentica|credential|password|username)|^User for ")
#: npm's own advice for its public registry.
_NOT_THE_ONE = re.compile(r"npmjs\.com/forgot|docs\.npmjs|yarnpkg\.com/")


def with_registry_hint(failure: BuildFailed, wreck: Wreck, request: BuildRequest) -> BuildFailed:
    """The failure, its hint naming the registry and the command that gives builds a credential for it, where that may help."""
    known = request.registries
    if image := _IMAGE.search(wreck.instruction):
        how = _how(_host_of_image(image[1]), known)
        hints = {_REFUSED: how, _MISSING_IMAGE: f"Check its name and tag. If it is private: {how}"}
        return _with_hint(failure, hints.get(failure.code, failure.hint))
    if asked := next((line for line in wreck.output if _ASKED.match(line)), ""):
        failure = _refused(wreck, asked)
    named = [urlsplit(url).netloc for url in npm_registries(request)] if _NPM.search(wreck.instruction) else []
    if failure.code == _REFUSED:
        return _with_hint(failure, _how(_host_in((*wreck.output, *wreck.said), known, named), known))
    if failure.code == _MISSING_PACKAGE and named:
        # Some answer like that to whom they do not know, and Yarn 1 tells it like that even when they don't.
        return _with_hint(failure, f"{failure.hint} If it is private: {_how(named[0], known)}")
    return failure


def _refused(wreck: Wreck, line: str) -> BuildFailed:
    what = f"`{readable(wreck.instruction, 100)}` was asked who is there by a package registry"
    return BuildFailed(f"{what}: credentials are missing, wrong or expired.", code=_REFUSED, evidence=(line,))


def _how(host: str, known: Sequence[RegistryCredential]) -> str:
    command = f"`shipway registries add {host or 'HOST'} --username USER --password-stdin`"
    used = next((each for each in known if each.host in (host, host.partition(":")[0])), None)
    if used is None:
        return f"{command} gives builds of this workspace a credential for it; without --username, a token."
    limited = "" if used.kind == "any" else f" It is for {used.kind.removesuffix('s')}s only."
    return f"This workspace has a credential for {used.host}, user {used.username}.{limited} {command} sets another."


def _host_of_image(reference: str) -> str:
    first, slash, _ = reference.partition("/")
    return first if slash and (set(".:") & set(first) or first == "localhost") else DOCKER_HUB


def _host_in(lines: Sequence[str], known: Sequence[RegistryCredential], named: Sequence[str]) -> str:
    """The host that a refusal names last; else one that is known and named at all; else the source's own, or the only one."""
    told = [line for line in lines if not _NOT_THE_ONE.search(line)]
    refusing = [host for line in told if _REFUSAL.search(line) for host in _hosts(line)]
    hosts = [credential.host for credential in known if credential.for_packages]
    mentioned = [host for line in told for host in _hosts(line) if host in hosts]
    only = hosts if len(hosts) == 1 else []
    return next(iter((*refusing[::-1], *mentioned[::-1], *named, *only)), "")


def _hosts(line: str) -> list[str]:
    return [*_URL_HOST.findall(line), *_ASKED.findall(line)]


def _with_hint(failure: BuildFailed, hint: str) -> BuildFailed:
    return BuildFailed(failure.message, hint=hint, code=failure.code, evidence=failure.evidence)
