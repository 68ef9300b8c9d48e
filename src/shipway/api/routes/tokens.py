"""API tokens: your own."""

from typing import Annotated

from fastapi import APIRouter, Path

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.schemas.token import NewToken, TokenIn, TokenOut
from shipway.operations import accounts

router = APIRouter(prefix="/tokens", tags=["tokens"])


@router.get("")
async def list_tokens(platform: ThePlatform, actor: TheActor) -> list[TokenOut]:
    """Newest first, without their text."""
    return [TokenOut.model_validate(known) for known in await accounts.list_tokens(platform, actor)]


@router.post("", status_code=201)
async def create_token(platform: ThePlatform, actor: TheActor, body: TokenIn) -> NewToken:
    """A new one; its text is shown this once."""
    return NewToken(token=await accounts.create_token(platform, actor, body.label, days=body.days))


@router.delete("/{token}", status_code=204)
async def revoke_token(platform: ThePlatform, actor: TheActor, token: Annotated[str, Path(max_length=40)]) -> None:
    """Make one worthless at once."""
    await accounts.revoke_token(platform, actor, token)
