"""Every address under `/api/v1`, in the order the description lists them."""

from fastapi import APIRouter

from serve.auth.endpoints import demo_router
from serve.auth.endpoints import router as auth_router
from serve.board.endpoints import router as board_router
from serve.companies.endpoints import router as companies_router
from serve.connections.endpoints import router as connections_router
from serve.health.endpoints import router as health_router
from serve.metrics.endpoints import router as metrics_router
from serve.sources.endpoints import router as sources_router
from serve.webhooks.endpoints import router as webhooks_router

PREFIX = "/api/v1"
"""Where the API lives; what breaks a client gets a new one."""


def api_router(*, has_demo_sign_in: bool) -> APIRouter:
    """The API's addresses; those of the demo sign-in only where it exists."""
    router = APIRouter(prefix=PREFIX)
    demo = [demo_router] if has_demo_sign_in else []
    parts = (
        health_router,
        *demo,
        auth_router,
        board_router,
        metrics_router,
        companies_router,
        sources_router,
        connections_router,
        webhooks_router,
    )
    for part in parts:
        router.include_router(part)
    return router
