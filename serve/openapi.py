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
* `x-required-role` of an operation is the least role that may call it: `viewer`, `member` or `admin`; `signed_in` where any genuine
  ID token is enough, `anybody` where none is needed. An API key is a viewer, and only reads.
* Every answer has an `X-Request-Id`; send your own to find it in the log.
"""

_TAGS = [
    {"name": "health", "description": "For whoever starts and watches the process."},
    {"name": "auth", "description": "Who is asking."},
    {"name": "board", "description": "Churn-risk cards and their evidence."},
    {"name": "live", "description": "What happens, as it happens."},
    {"name": "notifications", "description": "What you are told, and how you want to be told it."},
    {"name": "metrics", "description": "Daily series behind the dashboard, and how good the cards are."},
    {"name": "tickets", "description": "The tickets behind the figures."},
    {"name": "companies", "description": "Companies and how things are with them."},
    {
        "name": "topics",
        "description": "What tickets are sorted by: the version in force, the draft of the next, and what is proposed.",
    },
    {
        "name": "corrections",
        "description": "One ticket as it was read, and what people say it should have been read as.",
    },
    {"name": "sources", "description": "How well HubSpot was read."},
    {"name": "connections", "description": "How the tenant's HubSpot is reached."},
    {"name": "tasks", "description": "What was asked to be done in the background."},
    {"name": "onboarding", "description": "From nothing to cards."},
    {"name": "fields", "description": "What the tenant's HubSpot properties and stages mean."},
    {"name": "webhooks", "description": "What HubSpot tells us."},
    {"name": "people", "description": "Who works here and who is invited."},
    {"name": "api keys", "description": "Keys for BI and scripts, read-only."},
    {"name": "audit", "description": "Who did what."},
    {
        "name": "triggers",
        "description": "When a card opens and when it interrupts, and what other settings would have done.",
    },
    {"name": "rules", "description": "Rules of your own that open cards."},
    {"name": "budget", "description": "What reading may cost a month, and how the month stands."},
    {"name": "tenant", "description": "What else can be set, what your people wrote, and how everything is deleted."},
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
