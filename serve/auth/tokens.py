"""Bearer tokens: is this one genuine, meant for us, and still good? Only then does its subject mean anything."""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from jwt.exceptions import ExpiredSignatureError, InvalidAudienceError, InvalidIssuerError, PyJWTError

from serve.auth.keys import KeySource
from serve.errors import Unauthenticated

ALGORITHM = "RS256"
"""The only algorithm accepted, whatever a token's header claims."""

LEEWAY_SECONDS = 30
"""How far two clocks may differ: a token is good for that much longer."""

REMEMBERED_SECONDS = 60
"""For how long a token that was checked is taken for genuine: so much later a key that its issuer withdrew counts no more."""

_MOST_REMEMBERED = 20_000
_LONGEST = 8192
_LONGEST_SUBJECT = 255


class MissingToken(Unauthenticated):
    """No bearer token came with the request."""


class InvalidToken(Unauthenticated):
    """The token is malformed, forged, or lacks a claim."""


class TokenExpired(Unauthenticated):
    """The token was good once."""


class ForeignToken(Unauthenticated):
    """The token is of another issuer, or meant for another audience."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Whom a genuine token speaks of, whether or not they have access here.

    Attributes:
        email: Only where the issuer says that it verified it; empty otherwise.
        name: As the issuer tells it; empty where it does not.
        nonce: Of the sign-in the token was issued for; empty where it names none.
        expires_at: When the token is refused, in seconds since 1970.
    """

    subject: str
    email: str
    name: str
    nonce: str
    expires_at: int


class TokenVerifier:
    """Checks ID tokens of one issuer."""

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        keys: KeySource,
        refused_prefixes: tuple[str, ...] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make a verifier.

        Args:
            issuer: The `iss` a token must carry.
            audience: What its `aud` must name.
            keys: The issuer's public keys.
            refused_prefixes: Subjects that start so are none of this issuer's.
            clock: Seconds that only ever grow.
        """
        self._issuer = issuer
        self._audience = audience
        self._keys = keys
        self._refused_prefixes = refused_prefixes
        self._clock = clock
        self._lock = threading.Lock()
        self._checked: OrderedDict[bytes, tuple[float, Identity]] = OrderedDict()

    def subject(self, token: str) -> str:
        """Whom the token speaks of, by the issuer's name for them; raises as `identity`."""
        return self.identity(token).subject

    def identity(self, token: str) -> Identity:
        """Whom the token speaks of; a signature is checked once in `REMEMBERED_SECONDS`.

        Raises:
            InvalidToken: Malformed, forged, or without a claim it needs.
            TokenExpired: Past its `exp`.
            ForeignToken: Another issuer or audience.
            IssuerUnavailable: The issuer's keys cannot be fetched.
        """
        known = self.remembered(token)
        if known is not None:
            return known
        found = self._checked_now(token)
        with self._lock:
            self._checked[_digest(token)] = (self._clock() + REMEMBERED_SECONDS, found)
            if len(self._checked) > _MOST_REMEMBERED:
                self._checked.popitem(last=False)
        return found

    def remembered(self, token: str) -> Identity | None:
        """Whom a token speaks of that was checked a moment ago and has not expired since; None for any other."""
        until, known = self._checked.get(_digest(token), (0.0, None))
        if known is None or self._clock() >= until or time.time() >= known.expires_at + LEEWAY_SECONDS:
            return None
        return known

    def _checked_now(self, token: str) -> Identity:
        invalid = InvalidToken("The bearer token is not a valid ID token of this installation's issuer: sign in again.")
        try:
            claims = self._claims(token)
        except ExpiredSignatureError as error:
            raise TokenExpired("Your sign-in has expired: sign in again.") from error
        except (InvalidAudienceError, InvalidIssuerError) as error:
            raise ForeignToken(
                "The bearer token was issued by somebody else or for another application: sign in here."
            ) from error
        except (PyJWTError, ValueError) as error:
            raise invalid from error
        subject = str(claims["sub"])
        if len(subject) > _LONGEST_SUBJECT or subject.startswith(self._refused_prefixes):
            raise invalid
        # Some issuers write the word; anything else proves nothing, least of all a missing claim.
        is_verified = claims.get("email_verified") in (True, "true")
        return Identity(
            subject=subject,
            email=_text(claims, "email") if is_verified else "",
            name=_text(claims, "name"),
            nonce=_text(claims, "nonce"),
            expires_at=int(claims["exp"]),
        )

    def _claims(self, token: str) -> dict[str, Any]:
        if len(token) > _LONGEST:
            raise jwt.DecodeError("Longer than any ID token.")
        kid = jwt.get_unverified_header(token).get("kid")
        key = self._keys.key(kid) if isinstance(kid, str) else None
        if key is None:
            raise jwt.InvalidKeyError("Signed with a key the issuer does not have.")
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=self._audience,
            issuer=self._issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
        return claims


def _digest(token: str) -> bytes:
    """What a token is remembered by: whoever reads our memory finds none."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value.replace("\0", "").strip()[:_LONGEST_SUBJECT] if isinstance(value, str) else ""
