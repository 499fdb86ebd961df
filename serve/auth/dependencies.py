"""From a bearer token to a caller who may read their tenant's rows."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from core.errors import ChurnboardError
from core.vocabulary import Role
from serve.auth.keys import IssuerUnavailable
from serve.auth.tokens import ForeignToken, InvalidToken, MissingToken, TokenExpired
from serve.auth.users import UnknownUser, User
from serve.errors import DatabaseUnavailable, Forbidden
from serve.services import services_of
from serve.tenancy import Tenancy, TenantSession
from serve.writing import TenantWriter, Writing

_bearer = HTTPBearer(
    auto_error=False,
    bearerFormat="JWT",
    scheme_name="idToken",
    description="An ID token (RS256) of the configured OIDC issuer, or of the built-in one in a local installation.",
)

_RANK = {role: rank for rank, role in enumerate(Role)}


class RoleTooLow(Forbidden):
    """The user's role does not allow this."""


AUTH_ERRORS: tuple[type[ChurnboardError], ...] = (
    MissingToken,
    InvalidToken,
    TokenExpired,
    ForeignToken,
    UnknownUser,
    RoleTooLow,
    IssuerUnavailable,
    DatabaseUnavailable,
)
"""What every endpoint that needs a caller may answer with."""


@dataclass(frozen=True)
class Caller:
    """A verified user, and the only ways to their tenant's rows."""

    user: User
    _tenancy: Tenancy
    _writing: Writing

    def session(self) -> AbstractContextManager[TenantSession]:
        """A read transaction on the caller's tenant; open it as late and close it as early as possible."""
        return self._tenancy.session(self.user)

    @property
    def writer(self) -> TenantWriter:
        """What the caller's tenant may change."""
        return self._writing.of(self.user)


def requires(role: Role) -> Callable[..., Caller]:
    """A dependency that answers with the caller, or refuses one whose role is lower."""

    def caller(
        request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
    ) -> Caller:
        services = services_of(request)
        if credentials is None:
            raise MissingToken("This address needs a bearer token: sign in, then send it as `Authorization: Bearer …`.")
        user = services.users.by_subject(services.verifier.subject(credentials.credentials))
        request.state.tenant_id = user.tenant_id
        if _RANK[user.role] < _RANK[role]:
            raise RoleTooLow(f"This needs the role {role}, and yours is {user.role}: ask an admin of your company.")
        return Caller(user, services.tenancy, services.writing)

    return caller


Admin = Annotated[Caller, Depends(requires(Role.ADMIN))]
"""A caller who may connect, invite and set parameters."""

Member = Annotated[Caller, Depends(requires(Role.MEMBER))]
"""A caller who may act on cards and topics."""

Viewer = Annotated[Caller, Depends(requires(Role.VIEWER))]
"""A caller who may read."""
