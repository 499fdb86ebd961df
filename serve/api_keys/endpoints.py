"""Addresses of API keys."""

from typing import Annotated

from fastapi import APIRouter, Body, Path
from starlette.responses import Response

from serve.api_keys import service
from serve.api_keys.repository import keys
from serve.api_keys.schemas import ApiKeys, MadeApiKey, NewApiKey, RevokedApiKey
from serve.api_keys.service import ApiKeyNotFound, BornExpired, TooManyApiKeys
from serve.auth.dependencies import AUTH_ERRORS, Admin
from serve.errors import InvalidRequest, documented
from serve.responses import NO_STORE, PRIVATE, json_response
from serve.schemas import Text

router = APIRouter(prefix="/api-keys", tags=["api keys"])


@router.get(
    "",
    operation_id="list_api_keys",
    summary="API keys of your company",
    response_model=ApiKeys,
    responses=documented(*AUTH_ERRORS),
)
def list_api_keys(caller: Admin) -> Response:
    """What they are for and when they were last used; the keys themselves nobody can see. Needs the role admin."""
    with caller.session() as session:
        return json_response({"items": keys(session)}, headers=PRIVATE)


@router.post(
    "",
    operation_id="make_api_key",
    summary="Make an API key",
    status_code=201,
    response_model=MadeApiKey,
    responses=documented(*AUTH_ERRORS, TooManyApiKeys, BornExpired, InvalidRequest),
)
def make_api_key(caller: Admin, wanted: Annotated[NewApiKey, Body()]) -> Response:
    """The answer has the key, this once. It reads as a viewer does, and writes nothing."""
    return json_response(service.make(caller, wanted.name, wanted.expires_at), status=201, headers=NO_STORE)


@router.delete(
    "/{prefix}",
    operation_id="revoke_api_key",
    summary="Revoke an API key",
    response_model=RevokedApiKey,
    responses=documented(*AUTH_ERRORS, ApiKeyNotFound, InvalidRequest),
)
def revoke_api_key(caller: Admin, prefix: Annotated[Text, Path()]) -> Response:
    """It is refused from now on."""
    return json_response(service.revoke(caller, prefix), headers=NO_STORE)
