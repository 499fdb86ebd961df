"""Secrets that are told once and kept as a hash.

They are random, 256 bits, so a plain SHA-256 is enough: there is nothing to guess that a slow hash would protect. The prefix of an
API key is no secret; it finds the row, so that the hash can be compared in constant time.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass, field

KEY_MARK = "cb_"
"""How every API key starts; no JSON Web Token does."""

_PREFIX_LENGTH = 12
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_KEY = re.compile(rf"cb_([{_ALPHABET}]{{{_PREFIX_LENGTH}}})_[A-Za-z0-9_-]{{43}}")


@dataclass(frozen=True)
class NewKey:
    """An API key as it is told, once."""

    prefix: str
    key: str = field(repr=False)


def new_secret() -> str:
    """256 random bits, fit for an address."""
    return secrets.token_urlsafe(32)


def new_prefix() -> str:
    """A name without letters and digits that look alike."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_PREFIX_LENGTH))


def new_key() -> NewKey:
    """A new API key, `cb_<prefix>_<secret>`."""
    prefix = new_prefix()
    return NewKey(prefix, f"{KEY_MARK}{prefix}_{new_secret()}")


def prefix_of(key: str) -> str | None:
    """The prefix of something that looks like an API key; None where it does not."""
    found = _KEY.fullmatch(key)
    return found.group(1) if found else None


def hash_of(secret: str) -> str:
    """What is kept of a secret: its SHA-256, hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_hash_of(secret: str, kept: str) -> bool:
    """Whether `kept` is the hash of `secret`, found out in constant time."""
    return secrets.compare_digest(hash_of(secret), kept)
