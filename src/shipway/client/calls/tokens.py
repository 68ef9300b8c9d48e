"""Tokens, and who bears them."""

from shipway.client import models
from shipway.client.calls.asking import Asking


class Tokens(Asking):
    """One's own tokens."""

    def whoami(self) -> models.WhoAmI:
        """Whose token this is."""
        return self._ask(models.WhoAmI, "GET", "/whoami")

    def tokens(self) -> list[models.Token]:
        """One's own."""
        return self._ask(list[models.Token], "GET", "/tokens")

    def create_token(self, label: str, days: int | None = None) -> str:
        """A new one's text."""
        body = {"label": label, "days": days}
        return self._ask(models.NewToken, "POST", "/tokens", json=body)["token"]

    def revoke_token(self, token_id: str) -> None:
        """Make one worthless."""
        self._transport.send("DELETE", f"/tokens/{token_id}")
