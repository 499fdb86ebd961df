"""The description of the API (OpenAPI 3.1), complete enough to generate a client from, without a server or a database."""

from typing import Any

from fastapi import FastAPI

from serve.api import PREFIX, api_router
from serve.version import VERSION

_DESCRIPTION = """
Which customers of a SaaS company are about to leave, and the proof.

* Every answer comes from one published **build**, which it names; numbers never mix two builds.
* Every failure has one body, `{"error": class, "detail": sentence}`, whatever its status.
* Lists are read page by page: follow `next_cursor` until it is null. A cursor is good for one build and one set of filters.
* Answers carry an `ETag`; ask again with `If-None-Match` and get 304 while nothing changed.
* Every answer has an `X-Request-Id`; send your own to find it in the log.
"""

_TAGS = [
    {"name": "health", "description": "For whoever starts and watches the process."},
    {"name": "auth", "description": "Who is asking."},
    {"name": "board", "description": "Churn-risk cards and their evidence."},
    {"name": "metrics", "description": "Daily series behind the dashboard, and how good the cards are."},
    {"name": "companies", "description": "Companies and how things are with them."},
    {"name": "sources", "description": "How well HubSpot was read."},
    {"name": "connections", "description": "How the tenant's HubSpot is reached."},
    {"name": "webhooks", "description": "What HubSpot tells us."},
]


def describe(*, has_demo_sign_in: bool, **options: Any) -> FastAPI:
    """A FastAPI application with our addresses and their description, and nothing behind them yet.

    Args:
        has_demo_sign_in: Whether the demo sign-in exists.
        options: More of FastAPI's own.
    """
    app = FastAPI(
        title="churnboard",
        version=VERSION,
        description=_DESCRIPTION,
        openapi_tags=_TAGS,
        openapi_url=f"{PREFIX}/openapi.json",
        # Their pages load scripts from strangers' servers.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        **options,
    )
    app.include_router(api_router(has_demo_sign_in=has_demo_sign_in))
    return app


def openapi_document() -> dict[str, Any]:
    """The description of everything the API can do, the local demo sign-in included."""
    return describe(has_demo_sign_in=True).openapi()
