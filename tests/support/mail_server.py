"""A small SMTP server on loopback that keeps what it is given and misbehaves on demand (RFC 5321, 3207, 4954)."""

import base64
import email
import email.policy
import socketserver
import ssl
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

DROP = "drop"
"""Instead of an answer: the connection breaks off."""


@dataclass
class Mail:
    """What was accepted."""

    sender: str
    to: list[str]
    raw: bytes
    is_over_tls: bool
    user: str

    @property
    def message(self) -> EmailMessage:
        """Parsed."""
        found = email.message_from_bytes(self.raw, policy=email.policy.default)
        assert isinstance(found, EmailMessage)
        return found


@dataclass
class MailServer:
    """A context manager.

    Attributes:
        users: Who may sign in, with which password; empty: nobody has to.
        refused: By address, the answer to a recipient.
        answers: By command (`connect`, `mail`, `rcpt`, `data`, `body`), answers given instead of the usual one, one each time.
        certificate: Certificate and key in one file, with which STARTTLS is offered; None: it is not.
        is_tls: Whether TLS starts with the first byte instead.
    """

    users: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    answers: dict[str, list[str]] = field(default_factory=dict)
    certificate: Path | None = None
    is_tls: bool = False
    mails: list[Mail] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), _Session)
        self._server.behind = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=10)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def context(self) -> ssl.SSLContext:
        assert self.certificate is not None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        return context


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    behind: MailServer


class _Session(socketserver.StreamRequestHandler):
    timeout = 20

    def handle(self) -> None:
        self.is_over_tls, self.user, self.sender = False, "", ""
        self.to: list[str] = []
        try:
            if self.behind.is_tls:
                self._wrap()
            if not self._say("connect", "220 mail.example ready"):
                return
            while (line := self.rfile.readline()) and self._command(line.decode().strip()):
                pass
        except (OSError, ssl.SSLError):
            return

    @property
    def behind(self) -> MailServer:
        server: Any = self.server
        return server.behind  # type: ignore[no-any-return]

    def _command(self, line: str) -> bool:
        verb, _, rest = line.partition(" ")
        match verb.upper():
            case "EHLO" | "HELO":
                offered = ["mail.example", "SIZE 1000000"]
                offered += ["STARTTLS"] if self.behind.certificate and not self.is_over_tls else []
                offered += ["AUTH PLAIN"] if self.behind.users else []
                lines = [f"250{'-' if one is not offered[-1] else ' '}{one}" for one in offered]
                return self._say("ehlo", "\r\n".join(lines))
            case "STARTTLS":
                self._say("starttls", "220 go ahead")
                self._wrap()
                return True
            case "AUTH":
                _, user, password = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")
                if self.behind.users.get(user) != password:
                    return self._say("auth", "535 5.7.8 no such user or password")
                self.user = user
                return self._say("auth", "235 welcome")
            case "MAIL":
                self.sender = _address(rest)
                is_open = bool(self.user) or not self.behind.users
                return self._say("mail", "250 ok" if is_open else "530 5.7.0 sign in first")
            case "RCPT":
                to = _address(rest)
                refused = self.behind.refused.get(to)
                self.to += [] if refused else [to]
                return self._say("rcpt", refused or "250 ok")
            case "DATA":
                return self._say("data", "354 go on") and self._body()
            case "QUIT":
                self._say("quit", "221 bye")
                return False
            case _:
                return self._say(verb.lower(), "250 ok")

    def _body(self) -> bool:
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        scripted = self.behind.answers.get("body") or [""]
        # A server that breaks off after the last byte may well have kept the mail.
        if scripted[0] in {"", DROP}:
            self.behind.mails.append(Mail(self.sender, self.to, b"".join(lines), self.is_over_tls, self.user))
        return self._say("body", "250 kept")

    def _say(self, what: str, usual: str) -> bool:
        scripted = self.behind.answers.get(what)
        answer = scripted.pop(0) if scripted else usual
        if answer == DROP:
            return False
        self.wfile.write(answer.encode() + b"\r\n")
        self.wfile.flush()
        return not answer.startswith("421")

    def _wrap(self) -> None:
        self.request = self.connection = self.behind.context().wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")
        self.is_over_tls = True


def _address(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]


def certificate_in(folder: Path) -> Path:
    """A certificate of 127.0.0.1 that vouches for itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    path = folder / "mail.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + private)
    return path
