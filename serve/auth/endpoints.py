"""Sign-in of demo users (local only) and who one is."""

import secrets
import time
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from starlette.responses import Response

from core.vocabulary import Role
from serve.auth.dependencies import AUTH_ERRORS, Viewer
from serve.auth.issuer import LIFETIME, LocalIssuer
from serve.auth.keys import IssuerUnavailable
from serve.auth.me import me_body
from serve.auth.oidc import CALLBACK, SCOPES, CodeRefused, SignInMisconfigured
from serve.auth.schemas import (
    BareToken,
    Code,
    Colleagues,
    DemoOptions,
    DemoPerson,
    DemoSignIn,
    Jwks,
    Me,
    SignIn,
    SignInMethod,
    Token,
)
from serve.auth.tokens import ForeignToken, InvalidToken
from serve.auth.users import TenantNotFound, demo_person
from serve.errors import DatabaseUnavailable, InvalidRequest, NotFound, documented
from serve.responses import NO_STORE, PRIVATE, json_response
from serve.services import Services, public_root, services_of

router = APIRouter(tags=["auth"])
"""For every installation."""

demo_router = APIRouter(prefix="/auth", tags=["auth"])
"""For a local installation with the built-in issuer; elsewhere these addresses do not exist."""


@router.get("/me", operation_id="get_me", summary="Who am I?", response_model=Me, responses=documented(*AUTH_ERRORS))
def get_me(caller: Viewer) -> Response:
    """The user and the tenant the bearer token speaks of."""
    with caller.session() as session:
        return json_response(me_body(caller.user, session), headers=PRIVATE)


@router.get(
    "/users",
    operation_id="list_users",
    summary="Who works here",
    response_model=Colleagues,
    responses=documented(*AUTH_ERRORS),
)
def list_users(caller: Viewer) -> Response:
    """The users of your company: whom a card can be assigned to, and a comment mention."""
    with caller.session() as session:
        return json_response({"items": session.users()}, headers=PRIVATE)


@router.get(
    "/auth/sign-in",
    operation_id="get_sign_in",
    summary="How people sign in here",
    response_model=SignIn,
    responses=documented(IssuerUnavailable, SignInMisconfigured),
)
def get_sign_in(request: Request) -> Response:
    """What the sign-in page offers: demo users, an OIDC issuer with its addresses, or a field for an ID token."""
    services = services_of(request)
    told: dict[str, Any] = dict.fromkeys(SignIn.model_fields)
    if services.issuer is not None:
        return json_response(told | {"method": SignInMethod.DEMO}, headers=NO_STORE)
    told["issuer"] = services.oidc.issuer
    if not services.oidc.is_configured:
        return json_response(told | {"method": SignInMethod.TOKEN}, headers=NO_STORE)
    body = told | {
        "method": SignInMethod.OIDC,
        "client_id": services.oidc.client_id,
        "authorize_url": services.oidc.endpoints().authorize_url,
        "redirect_uri": f"{public_root(request)}{CALLBACK}",
        "scope": SCOPES,
    }
    return json_response(body, headers=NO_STORE)


@router.post(
    "/auth/code",
    operation_id="sign_in_with_code",
    summary="Sign in with what the issuer gave the browser",
    response_model=BareToken,
    responses=documented(
        CodeRefused, NotFound, SignInMisconfigured, InvalidToken, ForeignToken, InvalidRequest, IssuerUnavailable
    ),
)
def sign_in_with_code(request: Request, brought: Annotated[Code, Body()]) -> Response:
    """Exchanges the code at the issuer, checks the ID token and that it was issued for this very sign-in, and passes it on."""
    services = services_of(request)
    if not services.oidc.is_configured:
        raise NotFound("Nobody signs in with a code here: see GET /api/v1/auth/sign-in.")
    token = services.oidc.exchange(
        brought.code, code_verifier=brought.code_verifier, redirect_uri=f"{public_root(request)}{CALLBACK}"
    )
    identity = services.verifier.identity(token)
    if not secrets.compare_digest(identity.nonce.encode(), brought.nonce.encode()):
        raise CodeRefused("This sign-in was begun in another browser: sign in again.")
    seconds = max(0, identity.expires_at - int(time.time()))
    body = {"access_token": token, "token_type": "bearer", "expires_in": seconds}
    return json_response(body, headers=NO_STORE)


@demo_router.get(
    "/demo",
    operation_id="list_demo_users",
    summary="Whom a demo sign-in may ask for",
    response_model=DemoOptions,
    responses=documented(NotFound, DatabaseUnavailable),
)
def list_demo_users(request: Request) -> Response:
    """Tenants and roles. Only in a local installation; elsewhere 404."""
    tenants = services_of(request).users.demo_tenants()
    body = {
        "tenants": [{"tenant_id": tenant.tenant_id, "name": tenant.name} for tenant in tenants],
        "roles": list(Role),
    }
    return json_response(body, headers=NO_STORE)


@demo_router.post(
    "/demo",
    operation_id="sign_in_demo_user",
    summary="Sign in as a demo user",
    response_model=Token,
    responses=documented(NotFound, TenantNotFound, InvalidRequest, DatabaseUnavailable),
)
def sign_in_demo_user(request: Request, wanted: DemoSignIn) -> Response:
    """A bearer token for the tenant's demo user of that role. Only in a local installation; elsewhere 404."""
    services = services_of(request)
    user = services.users.keep_demo_user(wanted.tenant, wanted.role)
    with services.tenancy.session(user) as session:
        me = me_body(user, session)
    body = {
        "access_token": _issuer(services).sign(user.subject),
        "token_type": "bearer",
        "expires_in": int(LIFETIME.total_seconds()),
        "user": me,
    }
    return json_response(body, headers=NO_STORE)


@demo_router.post(
    "/demo/person",
    operation_id="sign_in_demo_person",
    summary="Sign in as anybody, by address",
    response_model=BareToken,
    responses=documented(NotFound, InvalidRequest),
)
def sign_in_demo_person(request: Request, wanted: DemoPerson) -> Response:
    """A bearer token that proves an address, to accept an invitation with. Only in a local installation; elsewhere 404."""
    token = _issuer(services_of(request)).sign(
        demo_person(wanted.email), email=wanted.email, name=wanted.email.partition("@")[0]
    )
    body = {"access_token": token, "token_type": "bearer", "expires_in": int(LIFETIME.total_seconds())}
    return json_response(body, headers=NO_STORE)


@demo_router.get(
    "/jwks",
    operation_id="get_jwks",
    summary="Public keys of the built-in issuer",
    response_model=Jwks,
    responses=documented(NotFound),
)
def get_jwks(request: Request) -> Response:
    """What its tokens are checked with (RFC 7517). Only in a local installation; elsewhere 404."""
    return json_response(_issuer(services_of(request)).jwks(), headers=NO_STORE)


def _issuer(services: Services) -> LocalIssuer:
    if services.issuer is None:
        raise NotFound("This installation has no built-in issuer: sign in with the one it was configured for.")
    return services.issuer
