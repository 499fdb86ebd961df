"""A churnboard API in this process, and tokens good and bad to ask it with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from core.settings import ServeSettings, Settings, StoreSettings
from core.vocabulary import Role
from serve.app import create_app
from serve.auth.issuer import ISSUER, open_local_issuer
from serve.auth.users import UserDirectory

AUDIENCE = "churnboard"


@cache
def rsa_key(name: str) -> RSAPrivateKey:
    """A key, made once per process: making one takes longer than most tests."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def local_settings(data_dir: Path, **serve: Any) -> Settings:
    """Settings of a local installation that keeps everything in `data_dir`."""
    return Settings(
        stores=StoreSettings(data_dir=data_dir), serve=ServeSettings(**{"api_requests_per_minute": 0} | serve)
    )


def keep_issuer_key(data_dir: Path) -> None:
    """Put the process-wide key where the built-in issuer looks for its own."""
    pem = rsa_key("issuer").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (data_dir / "issuer.pem").write_bytes(pem)


@dataclass
class Api:
    """The API as its clients see it."""

    client: TestClient
    engine: Engine
    data_dir: Path
    _tokens: dict[tuple[str, Role], str] = field(default_factory=dict)

    def token(self, tenant_id: str, role: Role = Role.VIEWER) -> str:
        """A good token of a demo user."""
        if (tenant_id, role) not in self._tokens:
            user = UserDirectory(self.engine).keep_demo_user(tenant_id, role)
            issuer = open_local_issuer(self.data_dir, audience=AUDIENCE)
            self._tokens[tenant_id, role] = issuer.sign(user.subject)
        return self._tokens[tenant_id, role]

    def get(self, path: str, tenant_id: str | None = None, **options: Any) -> httpx.Response:
        """GET as the tenant's viewer, or without a token."""
        headers = {"Authorization": f"Bearer {self.token(tenant_id)}"} if tenant_id else {}
        headers |= options.pop("headers", {})
        return self.client.get(f"/api/v1{path}", headers=headers, **options)


@contextmanager
def running_api(
    engine: Engine, data_dir: Path, *, settings: Settings | None = None, dist: Path | None = None
) -> Iterator[Api]:
    """A started application on a migrated database."""
    keep_issuer_key(data_dir)
    app = create_app(settings or local_settings(data_dir), engine, dist=dist or data_dir / "no-dist")
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Api(client, engine, data_dir)


def claims(**values: Any) -> dict[str, Any]:
    """Claims of a token the built-in issuer might have signed; None leaves a claim out."""
    now = datetime.now(UTC)
    base = {"iss": ISSUER, "aud": AUDIENCE, "sub": "demo|acme|viewer", "iat": now, "exp": now + timedelta(hours=1)}
    return {name: value for name, value in (base | values).items() if value is not None}


def signed(key: Any, kid: str | None, *, algorithm: str = "RS256", **values: Any) -> str:
    """A token with `claims(**values)`."""
    return jwt.encode(claims(**values), key, algorithm=algorithm, headers={"kid": kid} if kid else {})
