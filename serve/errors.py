"""How a failure becomes an answer: one body, one handler, and the status by class.

A concrete error lives beside the code that raises it and subclasses one of the families here. Errors of other rooms are never
shown as they are: their sentences may name another tenant's objects, so the caller gets a general sentence and the log the rest.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import Response

from core.errors import ChurnboardError, Terminal, Transient
from core.logging import get_logger
from serve.responses import NO_STORE, json_response

_log = get_logger(__name__)


class BadRequest(Terminal):
    """The request contradicts itself or something it was given earlier."""


class Unauthenticated(Terminal):
    """No token, or one that proves nothing."""

    challenge = "Bearer"
    """What would prove something, as `WWW-Authenticate` names it."""


class Forbidden(Terminal):
    """The token is good; whoever it names may not do this."""


class NotFound(Terminal):
    """There is no such thing, or it belongs to somebody else: the answer is the same."""


class Conflict(Terminal):
    """The request is fine, the state of things is not."""


class Unprocessable(Terminal):
    """A value is well formed and still makes no sense."""


class Unavailable(Transient):
    """Something this process depends on does not answer; trying again may help."""


class TooManyRequests(Transient):
    """The caller sent more requests than are let in; `Retry-After` says when the next one is."""


class InvalidRequest(Unprocessable):
    """A parameter or the body is not what the description of the API says."""


class DatabaseUnavailable(Unavailable):
    """The application database does not answer."""


STATUS: Mapping[type[ChurnboardError], int] = {
    BadRequest: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Unprocessable: 422,
    TooManyRequests: 429,
    Unavailable: 503,
}
"""The status of each family; whatever belongs to none is ours to fix: 500."""


class ErrorBody(BaseModel):
    """What every failed request answers with, whatever its status."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    error: str = Field(examples=["CardNotFound"])
    """Class of the error; stable, meant for programs."""

    detail: str = Field(examples=["There is no card 6f1c… in the published build: go back to the board."])
    """A sentence for people: what happened, where, what to do."""


def status_of(error: type[ChurnboardError]) -> int:
    """The HTTP status of an error class."""
    return next((STATUS[family] for family in error.__mro__ if family in STATUS), 500)


def documented(*errors: type[ChurnboardError]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an endpoint that may raise these errors, described by their docstrings."""
    described: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        sentence = (error.__doc__ or "").strip().splitlines()[0]
        entry = described.setdefault(status_of(error), {"model": ErrorBody, "description": ""})
        entry["description"] = f"{entry['description']}\n\n`{error.__name__}`: {sentence}".strip()
    return described


@contextmanager
def retold(told: Mapping[type[ChurnboardError], type[ChurnboardError]]) -> Iterator[None]:
    """What goes wrong within in another room's words is raised in ours, with the same sentence.

    For errors whose sentences name nothing but what the caller may see.
    """
    try:
        yield
    except tuple(told) as error:
        raise told[type(error)](str(error)) from error


def error_body(error: str, detail: str) -> dict[str, Any]:
    """The one error body, for an answer that says more beside it."""
    return {"error": error, "detail": detail}


def refusal(error: ChurnboardError, **beside: Any) -> Response:
    """The answer to an error that says more than its sentence: where things stand."""
    body = error_body(type(error).__name__, str(error)) | beside
    return json_response(body, status=status_of(type(error)), headers=NO_STORE)


def error_response(status: int, error: str, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """The one error body."""
    return json_response(
        error_body(error, detail), status=status, headers={"Cache-Control": "no-store"} | dict(headers or {})
    )


def internal_error(request_id: str) -> Response:
    """The answer when the failure is ours; the log has the rest under the same request id."""
    return error_response(
        500,
        "InternalError",
        f"The server failed to answer. The failure is in its log under request id {request_id}: pass that on.",
    )


def install_handlers(app: FastAPI) -> None:
    """Make every failure inside the application answer with the one body."""
    app.add_exception_handler(ChurnboardError, _handle_ours)
    app.add_exception_handler(RequestValidationError, _handle_validation)
    app.add_exception_handler(HTTPException, _handle_http)
    for lost in (OperationalError, InterfaceError, PoolTimeout):
        app.add_exception_handler(lost, _handle_database)


def _handle_ours(_request: Request, error: Exception) -> Response:
    kind = type(error)
    status = status_of(kind) if issubclass(kind, ChurnboardError) else 500
    if status == 500:
        # Whoever wraps the application answers, and logs the whole of it.
        raise error
    headers = {"Retry-After": "5"} if status == 503 else {}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = error.challenge
    return error_response(status, kind.__name__, str(error), headers)


def _handle_database(request: Request, error: Exception) -> Response:
    _log.error("serve.database_unavailable", path=request.url.path, exc_info=error)
    return _handle_ours(
        request, DatabaseUnavailable("The application database does not answer: try again, and see /api/v1/ready.")
    )


def _handle_validation(_request: Request, error: Exception) -> Response:
    problems = error.errors() if isinstance(error, RequestValidationError) else []
    sentences = [f"{'.'.join(str(step) for step in problem['loc'])}: {problem['msg']}" for problem in problems]
    detail = f"The request is not as described in /api/v1/openapi.json: {'; '.join(sentences)}."
    return error_response(422, InvalidRequest.__name__, detail)


def _handle_http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = (error.headers if isinstance(error, HTTPException) else None) or {}
    refused = f"The request was refused ({HTTPStatus(status).phrase}): see /api/v1/openapi.json."
    wrong_method = f"This address does not answer {request.method}; it answers {headers.get('Allow', 'GET')}."
    name, detail = {
        404: ("NotFound", "There is nothing at this address: the API is described at /api/v1/openapi.json."),
        405: ("MethodNotAllowed", wrong_method),
        413: ("BodyTooLarge", "The body is larger than any this API takes: see /api/v1/openapi.json."),
    }.get(status, ("BadRequest", refused))
    return error_response(status, name, detail, headers)
