"""The built-in issuer: signs demo users of a local installation with a key kept in the data folder.

It speaks like any OIDC issuer (RS256, `kid`, `iss`, `aud`, JWKS), so that what is tried locally is what runs elsewhere.
"""

import hashlib
import json
import os
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import RSAAlgorithm

from core.errors import Terminal
from serve.auth.keys import FixedKeys
from serve.auth.tokens import ALGORITHM, TokenVerifier

ISSUER = "churnboard-local"
"""The `iss` of its tokens."""

LIFETIME = timedelta(hours=12)
"""How long one of its tokens is good for."""


class UnreadableIssuerKey(Terminal):
    """The key file in the data folder is not a private key."""


class LocalIssuer:
    """Signs ID tokens."""

    def __init__(self, key: RSAPrivateKey, *, audience: str) -> None:
        self._key = key
        self._audience = audience
        public = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
        self._jwk: dict[str, Any] = {
            "kty": "RSA",
            "use": "sig",
            "alg": ALGORITHM,
            "kid": _thumbprint(public),
            "n": public["n"],
            "e": public["e"],
        }

    def sign(self, subject: str, *, email: str = "", name: str = "", now: datetime | None = None) -> str:
        """An ID token for `subject`, good for `LIFETIME` from `now`; an address it names counts as verified."""
        issued_at = now or datetime.now(UTC)
        person = {"email": email, "email_verified": True, "name": name} if email else {}
        claims = person | {
            "iss": ISSUER,
            "aud": self._audience,
            "sub": subject,
            "iat": issued_at,
            "exp": issued_at + LIFETIME,
        }
        return jwt.encode(claims, self._key, algorithm=ALGORITHM, headers={"kid": self._jwk["kid"]})

    def jwks(self) -> dict[str, Any]:
        """The public key as a JSON Web Key Set (RFC 7517)."""
        return {"keys": [self._jwk]}

    def verifier(self) -> TokenVerifier:
        """What accepts its tokens."""
        return TokenVerifier(issuer=ISSUER, audience=self._audience, keys=FixedKeys(jwt.PyJWK(self._jwk)))


def open_local_issuer(data_dir: Path, *, audience: str) -> LocalIssuer:
    """The issuer whose key lies in the data folder; made on first use, readable by its owner alone.

    Raises:
        UnreadableIssuerKey: The file is not a private RSA key.
    """
    path = data_dir / "issuer.pem"
    if not path.exists():
        _make_key(path)
    try:
        key = _key(path.read_bytes())
    except ValueError as error:
        raise UnreadableIssuerKey(
            f"{path} is not a private key: delete it and start again, then sign in again."
        ) from error
    if not isinstance(key, RSAPrivateKey):
        raise UnreadableIssuerKey(f"{path} is not an RSA key: delete it and start again, then sign in again.")
    return LocalIssuer(key, audience=audience)


@lru_cache(maxsize=4)
def _key(pem: bytes) -> PrivateKeyTypes:
    # Whether the numbers are a key is checked on reading, which takes fifty times as long as signing with it.
    return load_pem_private_key(pem, password=None)


def _make_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    key = generate_private_key(public_exponent=65537, key_size=2048)
    draft.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    try:
        # Linking fails if another process was first, so two that start together agree on one key.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _thumbprint(public: dict[str, Any]) -> str:
    """Name of a key by its content (RFC 7638), hexadecimal."""
    content = json.dumps({"e": public["e"], "kty": "RSA", "n": public["n"]}, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:32]
