"""Bearer tokens: is this one genuine, meant for us, and still good? Only then does its subject mean anything."""

import jwt
from jwt.exceptions import ExpiredSignatureError, InvalidAudienceError, InvalidIssuerError, PyJWTError

from serve.auth.keys import KeySource
from serve.errors import Unauthenticated

ALGORITHM = "RS256"
"""The only algorithm accepted, whatever a token's header claims."""

_LEEWAY_SECONDS = 30
_LONGEST = 8192


class MissingToken(Unauthenticated):
    """No bearer token came with the request."""


class InvalidToken(Unauthenticated):
    """The token is malformed, forged, or lacks a claim."""


class TokenExpired(Unauthenticated):
    """The token was good once."""


class ForeignToken(Unauthenticated):
    """The token is of another issuer, or meant for another audience."""


class TokenVerifier:
    """Checks ID tokens of one issuer."""

    def __init__(self, *, issuer: str, audience: str, keys: KeySource, refused_prefix: str = "") -> None:
        """Make a verifier.

        Args:
            issuer: The `iss` a token must carry.
            audience: What its `aud` must name.
            keys: The issuer's public keys.
            refused_prefix: Subjects that start so are none of this issuer's; empty: all are.
        """
        self._issuer = issuer
        self._audience = audience
        self._keys = keys
        self._refused_prefix = refused_prefix

    def subject(self, token: str) -> str:
        """Whom the token speaks of.

        Raises:
            InvalidToken: Malformed, forged, or without a claim it needs.
            TokenExpired: Past its `exp`.
            ForeignToken: Another issuer or audience.
            IssuerUnavailable: The issuer's keys cannot be fetched.
        """
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
        if self._refused_prefix and subject.startswith(self._refused_prefix):
            raise invalid
        return subject

    def _claims(self, token: str) -> dict[str, object]:
        if len(token) > _LONGEST:
            raise jwt.DecodeError("Longer than any ID token.")
        kid = jwt.get_unverified_header(token).get("kid")
        key = self._keys.key(kid) if isinstance(kid, str) else None
        if key is None:
            raise jwt.InvalidKeyError("Signed with a key the issuer does not have.")
        claims: dict[str, object] = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=self._audience,
            issuer=self._issuer,
            leeway=_LEEWAY_SECONDS,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
        return claims
