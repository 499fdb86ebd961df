"""The short way to an answer: one look tells who asks and where their tenant's rows stand, and what was answered then is there.

Whatever is not plainly a read of something that was answered since the tenant's rows last changed, by somebody who may, takes the
long way: through the application, whose answer is kept where the endpoint says that it may be.
"""

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import ChurnboardError
from core.people.secrets import KEY_MARK, prefix_of
from serve.auth.dependencies import PRESENT
from serve.auth.users import KEY_PREFIX, InvalidKey, Present, holder
from serve.kept.answers import Answer, KeptAnswers, Question
from serve.responses import KEEP, Keep, is_known
from serve.services import Services

_BEARER = b"Bearer "
_LONGEST_QUESTION = 4_000


class Kept:
    """ASGI middleware; the innermost one, so that a kept answer is counted, marked, logged and refused like any other."""

    def __init__(self, app: ASGIApp, *, answers: KeptAnswers, prefix: str) -> None:
        """Wrap an application.

        Args:
            app: The application.
            answers: Where they are kept.
            prefix: Paths that are answered so start so.
        """
        self._app = app
        self._answers = answers
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(self._prefix):
            await self._app(scope, receive, send)
            return
        token, known_tags, question = _read(scope)
        present = await _present(scope, token) if token else None
        if present is not None and present.version is not None:
            answer = self._answers.find(present.user, present.version, question)
            if answer is not None and await _sent(scope, send, present, answer, known_tags):
                return
        await self._app(scope, receive, self._noting(scope, send, question))

    def _noting(self, scope: Scope, send: Send, question: Question) -> Send:
        """A `send` that keeps the answer, where it may be kept."""
        started: list[tuple[int, tuple[tuple[bytes, bytes], ...]]] = []

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                if message["status"] in (200, 304):
                    # A copy: whoever passes it on adds what is of this request alone.
                    started.append((message["status"], tuple(message["headers"])))
            elif started and not message.get("more_body"):
                status, headers = started.pop()
                self._keep(scope, headers, message.get("body", b"") if status == 200 else None, question)
            else:
                # In several parts: a file, a stream.
                started.clear()
            await send(message)

        return noted

    def _keep(
        self, scope: Scope, headers: tuple[tuple[bytes, bytes], ...], body: bytes | None, question: Question
    ) -> None:
        keep: Keep | None = scope["state"].get(KEEP)
        if keep is None or sum(len(part) for part in question) > _LONGEST_QUESTION:
            return
        answer = Answer(keep.tag, scope["endpoint"], headers, body)
        self._answers.keep(keep.user, keep.version, question, answer, is_own=keep.is_own)


def _read(scope: Scope) -> tuple[str, str, Question]:
    """Bearer token (empty: none, or not plainly one), entity tags the client has, and the question."""
    token, known_tags, accepted = b"", b"", b""
    for name, value in scope["headers"]:
        if name == b"authorization":
            # Of two, the application takes the first; so does this, by leaving it to the application.
            token = b"" if token else value
        elif name == b"if-none-match":
            known_tags = known_tags or value
        elif name == b"accept":
            accepted += b"," + value
    bearer = token[len(_BEARER) :].decode("latin-1") if token.startswith(_BEARER) else ""
    return bearer, known_tags.decode("latin-1"), (scope["path"], scope["query_string"], accepted)


async def _present(scope: Scope, token: str) -> Present | None:
    """Who asks; None: the application finds out, or refuses."""
    services: Services = scope["app"].state.services
    try:
        subject = await _subject(services, token)
        if subject is None:
            return None
        present = await services.presence.ask(subject)
        if present is None or not _is_good(present, token):
            return None
    except (ChurnboardError, SQLAlchemyError):
        return None
    scope["state"][PRESENT] = present
    return present


async def _subject(services: Services, token: str) -> str | None:
    if token.startswith(KEY_MARK):
        prefix = prefix_of(token)
        return None if prefix is None else f"{KEY_PREFIX}{prefix}"
    identity = services.verifier.remembered(token)
    if identity is None:
        # It takes a while, and may have to ask the issuer for its keys.
        identity = await run_in_threadpool(services.verifier.identity, token)
    return identity.subject


def _is_good(present: Present, token: str) -> bool:
    if present.key is None:
        return True
    try:
        # A use that is to be noted is noted by the application.
        return not holder(token, present.key).is_use_to_be_noted
    except InvalidKey:
        return False


async def _sent(scope: Scope, send: Send, present: Present, answer: Answer, known_tags: str) -> bool:
    """Say it again; False where the body is not there and the client does not have it."""
    is_theirs = bool(known_tags) and is_known(known_tags, answer.tag)
    if answer.body is None and not is_theirs:
        return False
    scope["endpoint"] = answer.endpoint
    scope["state"]["tenant_id"] = present.user.tenant_id
    if is_theirs:
        about_body = (b"content-length", b"content-type")
        headers = [(name, value) for name, value in answer.headers if name not in about_body]
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
    else:
        await send({"type": "http.response.start", "status": 200, "headers": list(answer.headers)})
        await send({"type": "http.response.body", "body": answer.body})
    return True
