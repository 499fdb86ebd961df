"""Logs as events with fields: readable lines in `local`, one JSON object a line elsewhere.

Secrets never reach a log because they are never passed as fields: credentials travel as `SecretStr`.
"""

import logging
import sys

import structlog


def configure_logging(*, as_json: bool, level: str = "INFO") -> None:
    """Send structlog and the standard library's loggers to stderr; call once per process, before work starts."""
    renderer = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(
        stream=sys.stderr, level=max(logging.WARNING, logging.getLevelNamesMapping()[level]), force=True
    )
    for noisy in ("httpx", "httpcore", "alembic", "dlt", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def get_logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """A logger whose events are named like `room.what_happened`."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(name)
    return logger
