"""Kept answers: whose they are, until when, and how many."""

from typing import Any

from core.tenants import TenantId
from core.vocabulary import Role
from serve.auth.users import User
from serve.kept.answers import UNASKED_SECONDS, Answer, KeptAnswers

QUESTION = ("/api/v1/cards", b"limit=50", b"")
V1, V2 = ("acme", "build-1", "7"), ("acme", "build-1", "8")


def user(subject: str = "ann", role: Role = Role.VIEWER, tenant_id: str = "acme") -> User:
    return User(tenant_id=TenantId(tenant_id), subject=subject, email="", name="", role=role)


def answer(body: bytes | None = b"{}") -> Answer:
    def endpoint() -> Any: ...

    return Answer("tag", endpoint, ((b"etag", b'W/"tag"'),), body)


def test_an_answer_is_for_the_same_role_of_the_same_tenant() -> None:
    kept, said = KeptAnswers(100_000), answer()
    kept.keep(user(), V1, QUESTION, said)
    assert kept.find(user("bob"), V1, QUESTION) is said
    assert kept.find(user("bob", Role.ADMIN), V1, QUESTION) is None
    assert kept.find(user(tenant_id="beta"), V1, QUESTION) is None
    assert kept.find(user(), V1, ("/api/v1/cards", b"limit=51", b"")) is None
    assert kept.find(user(), V1, ("/api/v1/cards", b"limit=50", b",text/csv")) is None


def test_ones_own_answer_is_nobody_elses_whatever_they_are_called() -> None:
    kept, said = KeptAnswers(100_000), answer()
    called_like_a_role = user("viewer")
    kept.keep(called_like_a_role, V1, QUESTION, said, is_own=True)
    assert kept.find(called_like_a_role, V1, QUESTION) is said
    assert kept.find(user("bob"), V1, QUESTION) is None
    assert kept.find(user("role:viewer"), V1, QUESTION) is None


def test_another_version_empties_the_tenants_shelf_and_no_other() -> None:
    kept, said = KeptAnswers(100_000), answer()
    other = ("/api/v1/companies", b"", b"")
    for question in (QUESTION, other):
        kept.keep(user(), V1, question, said)
    kept.keep(user(tenant_id="beta"), V1, QUESTION, said)
    assert kept.find(user(), V2, QUESTION) is None
    assert (len(kept), kept.find(user(), V1, other)) == (1, None)
    kept.keep(user(), V1, QUESTION, said)
    kept.keep(user(), V2, other, said)
    assert kept.find(user(), V2, other) is said
    assert kept.find(user(tenant_id="beta"), V1, QUESTION) is said


def test_the_least_used_go_where_the_room_ends() -> None:
    kept = KeptAnswers(20_000)
    questions = [("/api/v1/cards", b"limit=%d" % number, b"") for number in range(10)]
    for question in questions:
        kept.keep(user(), V1, question, answer(b"x" * 1_400))
        assert kept.find(user(), V1, questions[0]) is not None
        assert kept.held_bytes <= 20_000
    assert kept.find(user(), V1, questions[1]) is None
    assert kept.find(user(), V1, questions[9]) is not None
    kept.keep(user(), V1, ("/api/v1/huge", b"", b""), answer(b"x" * 3_000))
    assert kept.find(user(), V1, ("/api/v1/huge", b"", b"")) is None
    kept.find(user(), V2, QUESTION)
    assert (len(kept), kept.held_bytes) == (0, 0)


def test_without_room_nothing_is_kept() -> None:
    kept = KeptAnswers(0)
    kept.keep(user(), V1, QUESTION, answer())
    assert (len(kept), kept.find(user(), V1, QUESTION)) == (0, None)


def test_a_body_is_not_given_up_for_word_that_somebody_had_it() -> None:
    kept, said = KeptAnswers(100_000), answer()
    kept.keep(user(), V1, QUESTION, said)
    kept.keep(user(), V1, QUESTION, answer(None))
    assert kept.find(user(), V1, QUESTION) is said


def test_what_nobody_asks_for_is_let_go() -> None:
    now = [0.0]
    kept = KeptAnswers(100_000, clock=lambda: now[0])
    kept.keep(user(), V1, QUESTION, answer())
    kept.keep(user(tenant_id="beta"), V1, QUESTION, answer())
    now[0] = UNASKED_SECONDS - 1.0
    assert kept.find(user(), V1, QUESTION) is not None
    now[0] = UNASKED_SECONDS + 1.0
    kept.keep(user(tenant_id="gamma"), V1, QUESTION, answer())
    assert kept.find(user(tenant_id="beta"), V1, QUESTION) is None
    assert len(kept) == 2
