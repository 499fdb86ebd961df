"""A small OIDC issuer on a loopback port: discovery, a sign-in page, codes bound to PKCE, ID tokens, keys.

It refuses what a real one does: an unknown client or redirect address, a code used twice or with another verifier, a wrong secret.
"""

import base64
import hashlib
import html
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from jwt.algorithms import RSAAlgorithm

from tests.support.api import rsa_key

CLIENT_ID = "churnboard-board"
_KID = "issuer-key"


class FakeIssuer:
    """Signs in whoever types an address."""

    def __init__(self, *, client_secret: str = "", lifetime_seconds: int = 3600) -> None:
        self.client_secret = client_secret
        self.lifetime_seconds = lifetime_seconds
        self.redirect_uris: set[str] = set()
        self.is_email_verified = True
        self.claims: dict[str, Any] = {}
        """Claims that replace those of the next ID tokens."""
        self.is_silent = False
        self._codes: dict[str, dict[str, str]] = {}
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                where = urlsplit(self.path)
                self._answer(*server.shown(where.path, {name: one[0] for name, one in parse_qs(where.query).items()}))

            def do_POST(self) -> None:
                sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {name: one[0] for name, one in parse_qs(sent).items()}
                if urlsplit(self.path).path == "/token":
                    status, body = server.token(form)
                    self._answer(status, "application/json", json.dumps(body))
                    return
                self.send_response(303)
                self.send_header("Location", server.code_for(form))
                self.end_headers()

            def _answer(self, status: int, kind: str, body: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        """Its name, which is its address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def shown(self, path: str, asked: dict[str, str]) -> tuple[int, str, str]:
        """Status, type and body of what is at a path."""
        if self.is_silent:
            return 503, "text/plain", "down"
        if path == "/authorize":
            if problem := self.problem(asked):
                return 400, "text/plain", problem
            hidden = "".join(
                f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
                for name, value in asked.items()
            )
            page = f'<form method="post" action="/login">{hidden}<input name="email"><button>Sign in</button></form>'
            return 200, "text/html", page
        told = {"/.well-known/openid-configuration": self.described, "/jwks": self.keys}.get(path)
        return (200, "application/json", json.dumps(told())) if told else (404, "text/plain", "")

    def described(self) -> dict[str, Any]:
        """Its discovery document."""
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
        return {"issuer": self.url} | {name: f"{self.url}/{path}" for name, path in names.items()}

    def keys(self) -> dict[str, Any]:
        """Its key set."""
        public = json.loads(RSAAlgorithm.to_jwk(rsa_key("oidc").public_key()))
        return {"keys": [public | {"kid": _KID, "use": "sig", "alg": "RS256"}]}

    def problem(self, asked: dict[str, str]) -> str:
        """Why a browser is not let to the sign-in page; empty where it is."""
        expected = {"response_type": "code", "client_id": CLIENT_ID, "code_challenge_method": "S256"}
        wrong = [name for name, value in expected.items() if asked.get(name) != value]
        wrong += [name for name in ("state", "nonce", "code_challenge") if not asked.get(name)]
        if asked.get("redirect_uri") not in self.redirect_uris:
            wrong.append("redirect_uri")
        return f"refused for: {', '.join(wrong)}" if wrong else ""

    def code_for(self, form: dict[str, str]) -> str:
        """Where a browser goes whose person has typed an address."""
        code = secrets.token_urlsafe(16)
        self._codes[code] = form
        back = {"code": code, "state": form["state"], "iss": self.url}
        return f"{form['redirect_uri']}?{urlencode(back)}"

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """The answer to an exchange."""
        if form.get("client_id") != CLIENT_ID or form.get("client_secret", "") != self.client_secret:
            return 401, {"error": "invalid_client"}
        begun = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            begun is None
            or begun["code_challenge"] != challenge
            or begun["redirect_uri"] != form.get("redirect_uri")
            or form.get("grant_type") != "authorization_code"
        ):
            return 400, {"error": "invalid_grant"}
        return 200, {"token_type": "Bearer", "access_token": "opaque", "id_token": self.id_token(begun)}

    def id_token(self, begun: dict[str, str]) -> str:
        """An ID token for whoever typed an address."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "sub": f"issuer|{begun['email']}",
            "email": begun["email"],
            "email_verified": self.is_email_verified,
            "name": begun["email"].partition("@")[0].title(),
            "nonce": begun["nonce"],
            "iat": now,
            "exp": now + self.lifetime_seconds,
        }
        return jwt.encode(claims | self.claims, rsa_key("oidc"), algorithm="RS256", headers={"kid": _KID})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
