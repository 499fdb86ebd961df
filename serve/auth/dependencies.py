"""From a bearer token to a caller who may read their tenant's rows."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import BackgroundTasks, Depends, Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from core.errors import ChurnboardError
from core.people.secrets import KEY_MARK
from core.vocabulary import Role
from serve.auth.keys import IssuerUnavailable
from serve.auth.tokens import LEEWAY_SECONDS, ForeignToken, Identity, InvalidToken, MissingToken, TokenExpired
from serve.auth.users import InvalidKey, Present, UnknownUser, User
from serve.errors import DatabaseUnavailable, Forbidden, TooManyRequests
from serve.services import services_of
from serve.tenancy import Tenancy, TenantSession
from serve.writing import TenantWriter, Writing

_bearer = HTTPBearer(
    auto_error=False,
    bearerFormat="JWT",
    scheme_name="idToken",
    description=(
        "An ID token (RS256) of the configured OIDC issuer, or of the built-in one in a local installation; for reading also an "
        "API key (`cb_…`), which is a viewer."
    ),
)

_NEVER = datetime(9999, 1, 1, tzinfo=UTC)

PRESENT = "present"
"""Where, in the state of a request, the `Present` is that was looked up on its way here."""

_RANK = {role: rank for rank, role in enumerate(Role)}


class RoleTooLow(Forbidden):
    """The user's role does not allow this."""


class KeyReadsOnly(Forbidden):
    """An API key reads; nothing is written with it."""


SIGNED_IN = "signed_in"
"""In place of a role: a genuine ID token is enough, of whomever."""

IDENTITY_ERRORS: tuple[type[ChurnboardError], ...] = (
    MissingToken,
    InvalidToken,
    TokenExpired,
    ForeignToken,
    TooManyRequests,
    IssuerUnavailable,
    DatabaseUnavailable,
)
"""What every endpoint that needs a genuine token, but no access, may answer with."""

AUTH_ERRORS: tuple[type[ChurnboardError], ...] = (
    MissingToken,
    InvalidToken,
    TokenExpired,
    ForeignToken,
    InvalidKey,
    UnknownUser,
    RoleTooLow,
    KeyReadsOnly,
    TooManyRequests,
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
    expires_at: datetime
    """From when on what they came with is refused."""

    def session(self) -> AbstractContextManager[TenantSession]:
        """A read transaction on the caller's tenant; open it as late and close it as early as possible."""
        return self._tenancy.session(self.user)

    @property
    def writer(self) -> TenantWriter:
        """What the caller's tenant may change."""
        return self._writing.of(self.user)


def requires(role: Role) -> Callable[..., Awaitable[Caller]]:
    """A dependency that answers with the caller, or refuses one whose role is lower."""

    async def caller(
        request: Request,
        background: BackgroundTasks,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    ) -> Caller:
        services = services_of(request)
        token = _token(credentials)
        found = _looked_up(request, token)
        if found is None:
            # Only what was not found out on the way here needs a thread to wait for the database in.
            found = await run_in_threadpool(_found, request, background, token)
        user, expires_at = found
        request.state.tenant_id = user.tenant_id
        if user.is_key and request.method != "GET":
            raise KeyReadsOnly("An API key only reads: sign in to change something.")
        if _RANK[user.role] < _RANK[role]:
            raise RoleTooLow(f"This needs the role {role}, and yours is {user.role}: ask an admin of your company.")
        return Caller(user, services.tenancy, services.writing, expires_at)

    caller.required_role = role.value  # type: ignore[attr-defined]
    return caller


def _verified(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> Identity:
    return services_of(request).verifier.identity(_token(credentials))


_verified.required_role = SIGNED_IN  # type: ignore[attr-defined]


def required_role(dependant: Dependant) -> str | None:
    """What an endpoint asks for, read off its dependencies: a role, `SIGNED_IN`, or None where it answers anybody."""
    asked = (getattr(needed.call, "required_role", None) for needed in dependant.dependencies)
    return next((role for role in asked if role is not None), None)


def _token(credentials: HTTPAuthorizationCredentials | None) -> str:
    if credentials is None:
        raise MissingToken("This address needs a bearer token: sign in, then send it as `Authorization: Bearer …`.")
    return credentials.credentials


def _looked_up(request: Request, token: str) -> tuple[User, datetime] | None:
    """Who was found to have sent this token on its way here, and until when it is good; None where nobody looked."""
    present: Present | None = getattr(request.state, PRESENT, None)
    if present is None:
        return None
    if present.key is not None:
        return present.user, _NEVER
    identity = services_of(request).verifier.remembered(token)
    return None if identity is None else (present.user, _refused_from(identity))


def _found(request: Request, background: BackgroundTasks, token: str) -> tuple[User, datetime]:
    if token.startswith(KEY_MARK):
        # A key is looked up with each request, and again while a stream is open: nothing here ends with time alone.
        return _key_holder(request, background, token), _NEVER
    services = services_of(request)
    identity = services.verifier.identity(token)
    return services.users.by_subject(identity.subject), _refused_from(identity)


def _refused_from(identity: Identity) -> datetime:
    """A token may be good for longer than a calendar goes."""
    try:
        return datetime.fromtimestamp(identity.expires_at, UTC) + timedelta(seconds=LEEWAY_SECONDS)
    except (OverflowError, OSError, ValueError):
        return _NEVER


def _key_holder(request: Request, background: BackgroundTasks, key: str) -> User:
    services = services_of(request)
    held = services.users.by_key(key)
    if held.is_use_to_be_noted:
        # After the answer is out: a reader never waits for whoever is writing.
        background.add_task(services.writing.note_key_use, held)
    return held.user


Admin = Annotated[Caller, Depends(requires(Role.ADMIN))]
"""A caller who may connect, invite and set parameters."""

Member = Annotated[Caller, Depends(requires(Role.MEMBER))]
"""A caller who may act on cards and topics."""

Viewer = Annotated[Caller, Depends(requires(Role.VIEWER))]
"""A caller who may read."""

Verified = Annotated[Identity, Depends(_verified)]
"""Somebody with a genuine ID token, whether or not they have access."""
