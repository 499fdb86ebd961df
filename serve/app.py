"""Puts the application together: addresses, services, failures, files."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from core.appdb import open_app_database
from core.logging import get_logger
from core.settings import Settings
from serve.api import PREFIX
from serve.context import RequestContext
from serve.errors import install_handlers
from serve.kept.answers import KeptAnswers
from serve.kept.middleware import Kept
from serve.openapi import describe
from serve.services import check_settings, has_demo_sign_in, open_services
from serve.static import DIST, BoardFiles
from serve.traffic.measures import PATH as MEASURES_PATH
from serve.traffic.measures import Measured, Measures, exposing
from serve.traffic.rate import RateLimited
from serve.webhooks import endpoints as webhooks

_log = get_logger(__name__)


def create_app(settings: Settings, engine: Engine | None = None, *, dist: Path = DIST) -> FastAPI:
    """The application; touches neither disk nor database before it is started.

    Args:
        settings: All of them, already checked against each other.
        engine: The application database, migrated; the caller closes it. None: opened at start and closed at the end, and
            in `local` migrated too. Elsewhere migrations are run by whoever owns the schema.
        dist: Where the board's built files are.

    Raises:
        UnsafeSettings: Under these settings a token would prove nothing.
    """
    check_settings(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        opened = engine
        if opened is None:
            url, is_migrating = settings.stores.app_database, settings.is_local
            opened = await run_in_threadpool(open_app_database, url, is_migrating=is_migrating)
        try:
            services = await run_in_threadpool(open_services, settings, opened)
            app.state.services = services
            _log.info("serve.started", environment=settings.runtime.environment)
            yield
            services.presence.close()
        finally:
            if engine is None:
                opened.dispose()
            _log.info("serve.stopped")

    app = describe(has_demo_sign_in=has_demo_sign_in(settings), lifespan=lifespan)
    install_handlers(app)
    measures = Measures()
    app.add_route(
        MEASURES_PATH,
        exposing(measures, settings.serve.metrics_token, is_open=settings.is_local),
        include_in_schema=False,
    )
    # From the innermost to the outermost: what is refused is counted and marked, too.
    app.add_middleware(Kept, answers=KeptAnswers(settings.serve.api_kept_answers_mb * 1_000_000), prefix=PREFIX)
    app.add_middleware(RateLimited, per_minute=settings.serve.api_requests_per_minute, prefix=PREFIX)
    app.add_middleware(Measured, measures=measures)
    if settings.serve.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.serve.cors_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "If-None-Match", "X-Request-Id"],
            expose_headers=["ETag", "Retry-After", "X-Request-Id"],
        )
    app.add_middleware(RequestContext, larger_bodies={f"{PREFIX}{webhooks.PATH}": webhooks.MAX_BODY_BYTES})
    app.router.default = _files_for_http(GZipMiddleware(BoardFiles(dist)), otherwise=app.router.default)
    return app


def _files_for_http(files: ASGIApp, *, otherwise: ASGIApp) -> ASGIApp:
    """What answers when no address of ours matched."""

    async def default(scope: Scope, receive: Receive, send: Send) -> None:
        await (files if scope["type"] == "http" else otherwise)(scope, receive, send)

    return default
