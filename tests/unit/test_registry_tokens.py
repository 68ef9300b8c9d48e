"""The registry's token service."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt

from shipway.domain.errors import Unauthenticated
from shipway.registry.keys import SigningKey, ensure_key
from shipway.registry.tokens import Tokens, UserAccess

PUSH_AND_PULL = ["repository:acme/shop:pull,push"]
NOW = 1_800_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return ensure_key(tmp_path_factory.mktemp("registry"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(key: SigningKey, clock: Clock) -> Tokens:
    return Tokens(key, issuer="shipway", service="shipway-registry", clock=clock)


async def nobody(username: str, password: str) -> Callable[[str, str], bool] | None:
    return None


async def ada(username: str, password: str) -> Callable[[str, str], bool] | None:
    """Ada may do anything in the workspace acme."""
    if (username, password) != ("ada", "swp_ada"):
        return None
    return lambda repository, action: repository.startswith("acme/")


async def access(
    tokens: Tokens, username: str, password: str, scopes: list[str], users: UserAccess = nobody
) -> dict[str, list[str]]:
    """What the issued token is good for."""
    response = await tokens.token_response(username, password, scopes, users)
    return {entry["name"]: entry["actions"] for entry in part(response, 1)["access"]}


def part(response: dict[str, str | int], number: int) -> dict[str, Any]:
    """The header (0) or the claims (1) of an issued token."""
    text = str(response["token"]).split(".")[number]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=="))
    return decoded


async def test_the_answer_is_what_the_registry_expects(tokens: Tokens, key: SigningKey) -> None:
    credential = tokens.credential("acme/shop", ("pull", "push"))
    response = await tokens.token_response(credential.username, credential.password, PUSH_AND_PULL, nobody)
    assert response["token"] == response["access_token"]
    assert response["expires_in"] == 300
    issued_at = datetime.fromisoformat(str(response["issued_at"]))
    assert issued_at == datetime.fromtimestamp(NOW, UTC)
    claims = part(response, 1)
    assert claims["iss"] == "shipway"
    assert claims["aud"] == "shipway-registry"
    assert claims["exp"] == NOW + 300
    assert claims["nbf"] <= claims["iat"] == NOW
    assert claims["access"] == [{"type": "repository", "name": "acme/shop", "actions": ["pull", "push"]}]
    header = part(response, 0)
    assert (header["alg"], header["kid"], header["x5c"]) == ("ES256", key.kid, [key.certificate])


async def test_no_two_tokens_are_the_same(tokens: Tokens) -> None:
    answers = [await tokens.token_response("ada", "swp_ada", [], ada) for _ in range(2)]
    assert part(answers[0], 1)["jti"] != part(answers[1], 1)["jti"]


async def test_a_pull_credential_does_not_push(tokens: Tokens) -> None:
    credential = tokens.credential("acme/shop", ("pull",))
    assert await access(tokens, credential.username, credential.password, PUSH_AND_PULL) == {"acme/shop": ["pull"]}


async def test_a_credential_is_good_for_its_own_repository_alone(tokens: Tokens) -> None:
    credential = tokens.credential("acme/shop", ("pull", "push"))
    asked = ["repository:acme/shop2:pull,push", "repository:acme/sho:pull", "repository:rival/shop:pull"]
    assert await access(tokens, credential.username, credential.password, asked) == {}


async def test_a_credential_expires_after_ten_minutes(tokens: Tokens, clock: Clock) -> None:
    credential = tokens.credential("acme/shop", ("pull",))
    clock.now += 599
    assert await access(tokens, credential.username, credential.password, PUSH_AND_PULL) == {"acme/shop": ["pull"]}
    clock.now += 1
    with pytest.raises(Unauthenticated):
        await tokens.token_response(credential.username, credential.password, PUSH_AND_PULL, nobody)


async def test_a_credential_of_another_installation_is_refused(tokens: Tokens, key: SigningKey, tmp_path: Path) -> None:
    strangers = Tokens(ensure_key(tmp_path), issuer="shipway", service="shipway-registry", clock=lambda: NOW)
    renamed = Tokens(key, issuer="other", service="shipway-registry", clock=lambda: NOW)
    for foreign in (strangers, renamed):
        credential = foreign.credential("acme/shop", ("pull",))
        with pytest.raises(Unauthenticated):
            await tokens.token_response(credential.username, credential.password, PUSH_AND_PULL, nobody)


async def test_a_registry_token_is_no_password(tokens: Tokens, key: SigningKey) -> None:
    credential = tokens.credential("acme/shop", ("pull",))
    response = await tokens.token_response(credential.username, credential.password, PUSH_AND_PULL, nobody)
    without_certificate = jwt.encode({"alg": "ES256"}, part(response, 1), key.key)
    for token in (str(response["token"]), without_certificate):
        with pytest.raises(Unauthenticated):
            await tokens.token_response("shipway", token, PUSH_AND_PULL, nobody)


async def test_a_credential_is_no_registry_token(tokens: Tokens, key: SigningKey) -> None:
    credential = tokens.credential("acme/shop", ("pull",))
    claims = jwt.decode(credential.password, key.key, algorithms=["ES256"]).claims
    assert claims["aud"] != "shipway-registry"


async def test_users_get_what_their_access_says(tokens: Tokens) -> None:
    asked = [*PUSH_AND_PULL, "repository:rival/shop:pull"]
    assert await access(tokens, "ada", "swp_ada", asked, ada) == {"acme/shop": ["pull", "push"]}


async def test_a_login_asks_for_nothing_and_gets_a_token_for_nothing(tokens: Tokens) -> None:
    assert await access(tokens, "ada", "swp_ada", [], ada) == {}


async def test_a_user_may_be_called_like_the_machine(tokens: Tokens) -> None:
    async def user(username: str, password: str) -> Callable[[str, str], bool] | None:
        return (lambda repository, action: True) if password == "swp_theirs" else None

    assert await access(tokens, "shipway", "swp_theirs", PUSH_AND_PULL, user) == {"acme/shop": ["pull", "push"]}


@pytest.mark.parametrize(("username", "password"), [("ada", "wrong"), ("ada", ""), ("", ""), ("", "swp_ada")])
async def test_unknown_and_missing_credentials_get_nothing(tokens: Tokens, username: str, password: str) -> None:
    with pytest.raises(Unauthenticated) as error:
        await tokens.token_response(username, password, PUSH_AND_PULL, ada)
    assert password == "" or password not in f"{error.value} {error.value.hint}"


async def test_the_users_are_not_asked_about_anonymous_requests(tokens: Tokens) -> None:
    async def careless(username: str, password: str) -> Callable[[str, str], bool] | None:
        return lambda repository, action: True

    with pytest.raises(Unauthenticated):
        await tokens.token_response("", "", PUSH_AND_PULL, careless)


@given(st.one_of(st.text(), st.from_regex(r"[\w=-]{0,40}\.[\w=-]{0,40}\.[\w=-]{0,40}", fullmatch=True)))
async def test_no_made_up_password_is_accepted_or_breaks_anything(key: SigningKey, password: str) -> None:
    tokens = Tokens(key, issuer="shipway", service="shipway-registry")
    with pytest.raises(Unauthenticated):
        await tokens.token_response("shipway", password, PUSH_AND_PULL, nobody)


async def test_an_unsigned_token_is_refused(tokens: Tokens) -> None:
    signed = tokens.credential("acme/shop", ("pull",)).password
    body = signed.split(".")[1]
    forged = f"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}."
    with pytest.raises(Unauthenticated):
        await tokens.token_response("shipway", forged, PUSH_AND_PULL, nobody)


def test_a_credential_does_not_show_its_password(tokens: Tokens) -> None:
    credential = tokens.credential("acme/shop", ("pull",))
    assert credential.password not in repr(credential)
