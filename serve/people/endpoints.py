"""Addresses of users and invitations."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Request
from starlette.responses import Response

from serve.auth.dependencies import AUTH_ERRORS, IDENTITY_ERRORS, Admin, Verified
from serve.auth.me import me_body
from serve.auth.schemas import Colleague, Me
from serve.errors import DatabaseUnavailable, InvalidRequest, documented
from serve.people import service
from serve.people.repository import open_invitations
from serve.people.schemas import (
    Invitations,
    Invited,
    Knock,
    NewInvitation,
    Offered,
    Removed,
    Revoked,
    RoleChange,
    Subject,
)
from serve.people.service import (
    AdminNoMore,
    AlreadyHere,
    AlreadyInvited,
    CardsMoved,
    ForSomebodyElse,
    InvitationNotFound,
    InvitationOver,
    LastAdmin,
    PersonNotFound,
    TooManyInvitations,
)
from serve.responses import NO_STORE, PRIVATE, json_response
from serve.schemas import Text
from serve.services import public_root, services_of

router = APIRouter(tags=["people"])


@router.patch(
    "/users/{subject:path}",
    operation_id="change_role",
    summary="Give a user another role",
    response_model=Colleague,
    responses=documented(*AUTH_ERRORS, PersonNotFound, LastAdmin, AdminNoMore, InvalidRequest),
)
def change_role(caller: Admin, subject: Annotated[Subject, Path()], wanted: Annotated[RoleChange, Body()]) -> Response:
    """Holds from the user's next request on. The last admin stays one."""
    return json_response(service.change_role(caller, subject, wanted.role), headers=NO_STORE)


@router.delete(
    "/users/{subject:path}",
    operation_id="remove_user",
    summary="Take a user's access away",
    response_model=Removed,
    responses=documented(*AUTH_ERRORS, PersonNotFound, LastAdmin, AdminNoMore, CardsMoved, InvalidRequest),
)
def remove_user(caller: Admin, subject: Annotated[Subject, Path()]) -> Response:
    """Holds at once, whatever token they have. What they did stays; their cards become nobody's. The last admin stays."""
    return json_response(service.remove(caller, subject), headers=NO_STORE)


@router.get(
    "/invitations",
    operation_id="list_invitations",
    summary="Who is invited",
    response_model=Invitations,
    responses=documented(*AUTH_ERRORS),
)
def list_invitations(caller: Admin) -> Response:
    """Invitations that were neither accepted nor revoked, expired ones included; needs the role admin."""
    with caller.session() as session:
        return json_response({"items": open_invitations(session)}, headers=PRIVATE)


@router.post(
    "/invitations",
    operation_id="invite",
    summary="Invite somebody",
    status_code=201,
    response_model=Invited,
    responses=documented(*AUTH_ERRORS, AlreadyHere, AlreadyInvited, TooManyInvitations, InvalidRequest),
)
def invite(request: Request, caller: Admin, wanted: Annotated[NewInvitation, Body()]) -> Response:
    """Makes a link that is good for seven days, once, and only together with a sign-in by that address."""
    told = service.invite(caller, wanted.email, wanted.role, root=public_root(request))
    return json_response(told, status=201, headers=NO_STORE)


@router.post(
    "/join/look",
    operation_id="look_at_invitation",
    summary="What an invitation is to",
    response_model=Offered,
    responses=documented(InvitationNotFound, InvitationOver, InvalidRequest, DatabaseUnavailable),
)
def look_at_invitation(request: Request, knock: Annotated[Knock, Body()]) -> Response:
    """For whoever holds the secret, before they sign in: which company, as what, and with which address."""
    return json_response(service.look(services_of(request), knock.secret), headers=NO_STORE)


@router.post(
    "/join",
    operation_id="accept_invitation",
    summary="Accept an invitation",
    status_code=201,
    response_model=Me,
    responses=documented(
        *IDENTITY_ERRORS, InvitationNotFound, InvitationOver, ForSomebodyElse, AlreadyHere, InvalidRequest
    ),
)
def accept_invitation(request: Request, identity: Verified, knock: Annotated[Knock, Body()]) -> Response:
    """Needs a genuine ID token whose verified `email` is the invited one; makes whoever it speaks of a user."""
    services = services_of(request)
    user = service.accept(services, knock.secret, identity)
    request.state.tenant_id = user.tenant_id
    with services.tenancy.session(user) as session:
        return json_response(me_body(user, session), status=201, headers=NO_STORE)


@router.post(
    "/invitations/{invitation_id}/resend",
    operation_id="resend_invitation",
    summary="Make a new link for an invitation",
    response_model=Invited,
    responses=documented(*AUTH_ERRORS, InvitationNotFound, InvalidRequest),
)
def resend_invitation(request: Request, caller: Admin, invitation_id: Annotated[Text, Path()]) -> Response:
    """Another seven days, with another secret; the link before is void. An expired invitation lives again."""
    return json_response(service.resend(caller, invitation_id, root=public_root(request)), headers=NO_STORE)


@router.delete(
    "/invitations/{invitation_id}",
    operation_id="revoke_invitation",
    summary="Take an invitation back",
    response_model=Revoked,
    responses=documented(*AUTH_ERRORS, InvitationNotFound, InvalidRequest),
)
def revoke_invitation(caller: Admin, invitation_id: Annotated[Text, Path()]) -> Response:
    """Its link is void at once."""
    return json_response(service.revoke(caller, invitation_id), headers=NO_STORE)
