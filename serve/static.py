"""The board's built files, and `index.html` for every address the board itself resolves."""

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

DIST = Path(__file__).parent / "ui" / "dist"
"""Where the board is built to."""

_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'"
)

_NOT_BUILT = (
    "The board is not built yet. Run `make ui`, then reload this page. The API is under /api/v1 and works without it.\n"
)


class BoardFiles:
    """ASGI application for every address that is not the API's."""

    def __init__(self, dist: Path = DIST) -> None:
        self._dist = dist
        self._files = StaticFiles(directory=dist, check_dir=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request.

        Raises:
            HTTPException: The API has nothing there, a built file is gone, or the method is not for reading.
        """
        path: str = scope["path"]
        if path == "/api" or path.startswith("/api/"):
            raise HTTPException(404)
        if scope["method"] not in {"GET", "HEAD"}:
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        response = await self._answer(path, scope)
        response.headers["Content-Security-Policy"] = _SECURITY_POLICY
        await response(scope, receive, send)

    async def _answer(self, path: str, scope: Scope) -> Response:
        if not (self._dist / "index.html").is_file():
            return PlainTextResponse(_NOT_BUILT, status_code=503, headers={"Cache-Control": "no-store"})
        try:
            response = await self._files.get_response(path.lstrip("/") or "index.html", scope)
        except HTTPException as error:
            # A script that is gone must not come back as a page: browsers would try to run it.
            if error.status_code != 404 or path.startswith("/assets/"):
                raise
            response = await self._files.get_response("index.html", scope)
        is_hashed = path.startswith("/assets/")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if is_hashed else "no-cache"
        return response
