"""Secrets at rest: a Fernet cipher whose key comes from the environment, or in `local` from a file only its owner can read."""

import os
import threading
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from core.errors import Terminal
from core.settings import Settings


class UnreadableSecret(Terminal):
    """A stored secret was not encrypted with the key we have."""


class InvalidKey(Terminal):
    """`ENCRYPTION_KEY` is not a Fernet key."""


class Vault:
    """Encrypts and decrypts what must not lie about in the clear."""

    def __init__(self, key: str) -> None:
        """Make a vault.

        Raises:
            InvalidKey: Not 32 bytes in URL-safe base64.
        """
        try:
            self._fernet = Fernet(key)
        except ValueError as error:
            raise InvalidKey(
                "ENCRYPTION_KEY is not a Fernet key: make one with "
                "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'."
            ) from error

    def encrypt(self, plain: str) -> str:
        """The ciphertext of `plain`, as text."""
        return self._fernet.encrypt(plain.encode()).decode()

    def decrypt(self, ciphertext: str) -> str:
        """What was encrypted.

        Raises:
            UnreadableSecret: Encrypted with another key, or changed since.
        """
        try:
            return self._fernet.decrypt(ciphertext.encode()).decode()
        except InvalidToken as error:
            raise UnreadableSecret(
                "A stored credential cannot be decrypted: ENCRYPTION_KEY differs from the one it was stored with. "
                "Restore that key, or connect HubSpot again."
            ) from error


def open_vault(settings: Settings) -> Vault:
    """The vault of this installation; makes the local key file on first use.

    Raises:
        InvalidKey: `ENCRYPTION_KEY` is not a Fernet key.
    """
    key = settings.stores.encryption_key.get_secret_value()
    return Vault(key or local_key(settings.stores.data_dir / "local.key"))


def local_key(path: Path) -> str:
    """The key in `path`, made on first use and readable by its owner alone. `local` only: settings refuse it elsewhere."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}")
    draft.touch(mode=0o600)
    draft.write_bytes(Fernet.generate_key())
    try:
        # Linking fails if another process was first, so two that start together agree on one key.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text()
