"""An OIDC issuer's key endpoint on a loopback port, which can be changed, broken and stopped."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from jwt.algorithms import RSAAlgorithm


class JwksServer:
    """Serves a JSON Web Key Set."""

    def __init__(self) -> None:
        self.requests = 0
        self.body: bytes = b'{"keys": []}'
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.requests += 1
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(server.body)

            def log_message(self, *_args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._is_running = False

    @property
    def url(self) -> str:
        """Where the keys are."""
        return f"http://127.0.0.1:{self._server.server_port}/jwks"

    def publish(self, kid: str, key: RSAPrivateKey) -> None:
        """Make this the one key."""
        public = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
        self.body = json.dumps({"keys": [public | {"kid": kid, "use": "sig", "alg": "RS256"}]}).encode()

    def stop(self) -> None:
        """Answer nobody any more."""
        if self._is_running:
            self._is_running = False
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def __enter__(self) -> Self:
        self._thread.start()
        self._is_running = True
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()
