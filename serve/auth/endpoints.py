"""Sign-in of demo users (local only) and who one is."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from core.vocabulary import Role
from serve.auth.dependencies import AUTH_ERRORS, Viewer
from serve.auth.issuer import LIFETIME, LocalIssuer
from serve.auth.schemas import Colleagues, DemoOptions, DemoSignIn, Jwks, Me, Token
from serve.auth.users import TenantNotFound, User
from serve.errors import DatabaseUnavailable, InvalidRequest, NotFound, documented
from serve.responses import PRIVATE, json_response
from serve.services import Services, services_of
from serve.tenancy import TenantSession

router = APIRouter(tags=["auth"])
"""For every installation."""

demo_router = APIRouter(prefix="/auth", tags=["auth"])
"""For a local installation with the built-in issuer; elsewhere these addresses do not exist."""

_NO_STORE = {"Cache-Control": "no-store"}


@router.get("/me", operation_id="get_me", summary="Who am I?", response_model=Me, responses=documented(*AUTH_ERRORS))
def get_me(caller: Viewer) -> Response:
    """The user and the tenant the bearer token speaks of."""
    with caller.session() as session:
        return json_response(_me(caller.user, session), headers=PRIVATE)


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
    return json_response(body, headers=_NO_STORE)


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
        me = _me(user, session)
    body = {
        "access_token": _issuer(services).sign(user.subject),
        "token_type": "bearer",
        "expires_in": int(LIFETIME.total_seconds()),
        "user": me,
    }
    return json_response(body, headers=_NO_STORE)


@demo_router.get(
    "/jwks",
    operation_id="get_jwks",
    summary="Public keys of the built-in issuer",
    response_model=Jwks,
    responses=documented(NotFound),
)
def get_jwks(request: Request) -> Response:
    """What its tokens are checked with (RFC 7517). Only in a local installation; elsewhere 404."""
    return json_response(_issuer(services_of(request)).jwks(), headers=_NO_STORE)


def _issuer(services: Services) -> LocalIssuer:
    if services.issuer is None:
        raise NotFound("This installation has no built-in issuer: sign in with the one it was configured for.")
    return services.issuer


def _me(user: User, session: TenantSession) -> dict[str, Any]:
    return {
        "subject": user.subject,
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "tenant": session.tenant(),
    }
