"""Style sheet, scripts and icon, under addresses that change with their content: cached for ever, never stale."""

import hashlib
from functools import cache
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from shipway.web.headers import secure

DIRECTORY = Path(__file__).parent / "static"
_FOREVER = "public, max-age=31536000, immutable"


@cache
def version() -> str:
    """A hash of all the files: one part of their addresses, so that modules that import each other stay together."""
    content = hashlib.sha256()
    for file in sorted(DIRECTORY.iterdir()):
        content.update(file.name.encode() + b"\0" + file.read_bytes())
    return content.hexdigest()[:12]


class StaticPages(StaticFiles):
    """Serves `<version>/<file>`. Another version's address answers with today's file, not to be kept."""

    def __init__(self) -> None:
        super().__init__(directory=DIRECTORY)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, whatever version was asked for."""
        asked, _, name = path.partition("/")
        response = await super().get_response(name, scope)
        response.headers["Cache-Control"] = _FOREVER if asked == version() else "no-cache"
        return secure(response)
