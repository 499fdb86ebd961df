"""HubSpot's error answers: status, category and body, raised by handlers and turned into responses at the door."""

import uuid
from typing import Any

import orjson
from starlette.responses import Response

from core.errors import Terminal


class Refusal(Terminal):
    """An answer other than success.

    Attributes:
        category: HubSpot's class of error; None for the answers that carry none.
        fields: Further fields of the body: subCategory, errors, context, links, policyName.
    """

    def __init__(self, status: int, category: str | None, message: str, **fields: Any) -> None:
        super().__init__(message)
        self.status, self.category, self.message, self.fields = status, category, message, fields
        self.headers: dict[str, str] = {}

    def response(self) -> Response:
        """The JSON answer, with a fresh correlation id in body and header."""
        correlation_id = str(uuid.uuid4())
        body = {"status": "error", "message": self.message, "correlationId": correlation_id, **self.fields}
        if self.category is not None:
            body["category"] = self.category
        return json_response(body, self.status, {**self.headers, "X-HubSpot-Correlation-Id": correlation_id})


def json_response(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer written with orjson."""
    return Response(orjson.dumps(body), status, headers, media_type="application/json;charset=utf-8")


def invalid(message: str, **fields: Any) -> Refusal:
    """400: the request is wrong and will stay wrong."""
    return Refusal(400, "VALIDATION_ERROR", message, **fields)


def not_found(message: str = "resource not found", **fields: Any) -> Refusal:
    """404: no such record."""
    return Refusal(404, "OBJECT_NOT_FOUND", message, **fields)


def unauthenticated(message: str, category: str = "INVALID_AUTHENTICATION") -> Refusal:
    """401: no token, or one that is unknown or expired."""
    return Refusal(401, category, message)


def missing_scopes(required: tuple[str, ...]) -> Refusal:
    """403: the token is good but does not open this endpoint."""
    detail = {
        "message": "One or more of the following scopes are required.",
        "context": {"requiredGranularScopes": list(required)},
    }
    return Refusal(
        403,
        "MISSING_SCOPES",
        "The token lacks a scope this call needs; the app has to be granted it and connected again.",
        errors=[detail],
        links={},
    )


_LIMIT_MESSAGES = {
    "TEN_SECONDLY_ROLLING": "You have reached your ten_secondly_rolling limit.",
    "SECONDLY": "You have reached your secondly limit.",
    "DAILY": "You have reached your daily limit.",
}


def too_many(policy_name: str, headers: dict[str, str]) -> Refusal:
    """429: come back later; the body names the limit, and is not shaped like other errors."""
    refusal = Refusal(429, None, _LIMIT_MESSAGES[policy_name], errorType="RATE_LIMIT", policyName=policy_name)
    refusal.headers = headers
    return refusal


def uri_too_long() -> Response:
    """414: the proxy in front of the API answers, in HTML and not in JSON."""
    page = (
        "<html>\r\n<head><title>414 Request-URI Too Large</title></head>\r\n<body>\r\n"
        "<center><h1>414 Request-URI Too Large</h1></center>\r\n<hr><center>sandbox edge</center>\r\n</body>\r\n</html>\r\n"
    )
    return Response(page, 414, media_type="text/html")
