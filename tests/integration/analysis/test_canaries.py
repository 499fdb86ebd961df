"""Canaries against a model server over HTTP: one that obeys tickets or changes its mind is caught, a good one passes."""

from datetime import date
from pathlib import Path

import pytest
from pydantic import SecretStr

from analysis import make_analyzer
from analysis.canaries import PAYER, Canary, CanaryKind, CanaryReading, judge, latest, load_canaries, read_canaries
from analysis.canaries.canary import InvalidCanaries
from analysis.journal import Journal
from analysis.llm.failures import ModelStopped
from core.settings import AnalysisSettings
from core.warehouse import Warehouse
from tests.support import fake_llm as fake
from tests.support.fake_llm import FakeLLM, Scripted

MONDAY, TUESDAY, WEDNESDAY = (date(2026, 11, day) for day in (23, 24, 25))


def settings(llm: FakeLLM, **more: object) -> AnalysisSettings:
    base = {"analyzer": "openai_compatible", "llm_base_url": llm.url, "llm_model": "test/model"}
    return AnalysisSettings(**base, llm_api_key=SecretStr("sk-test"), **more)  # type: ignore[arg-type]


def answer(canary: Canary, sentiment: str = "", churn_intent: str = "") -> Scripted:
    return fake.answer(
        quotes=[canary.text[:20]],
        sentiment=sentiment or canary.sentiment[0].value,
        churn_intent=churn_intent or canary.churn_intent[0].value,
        target="product",
        resolution="unclear",
    )


def script(llm: FakeLLM, **otherwise: Scripted) -> None:
    """Have every canary answered right, except those named."""
    for one in load_canaries():
        llm.enqueue(otherwise.get(one.name) or answer(one), where=one.text)


def read(
    warehouse: Warehouse, journal: Journal, chosen: AnalysisSettings, read_on: date, run_id: str
) -> list[CanaryReading]:
    return read_canaries(
        warehouse=warehouse,
        journal=journal,
        analyzer=make_analyzer(chosen),
        settings=chosen,
        run_id=run_id,
        read_on=read_on,
    )


def test_a_good_model_is_trusted_and_asked_anew_each_day_only(
    warehouse: Warehouse, journal: Journal, llm: FakeLLM
) -> None:
    script(llm)
    first = read(warehouse, journal, settings(llm), MONDAY, "run-1")
    count = len(load_canaries())
    assert len(llm.paid) == count
    verdict = judge(first)
    assert (verdict.is_trusted, verdict.is_steady, verdict.right_score, verdict.compared_count) == (True, True, 1.0, 0)
    assert latest(warehouse) == sorted(first, key=lambda one: one.canary)
    read(warehouse, journal, settings(llm), MONDAY, "run-2")
    assert len(llm.paid) == count, "a day's answers are paid for once"
    script(llm)
    second = judge(read(warehouse, journal, settings(llm), TUESDAY, "run-3"))
    assert len(llm.paid) == 2 * count
    assert (second.compared_count, second.flip_score) == (count, 0.0)
    assert journal.standing(PAYER).spent_usd == pytest.approx(2 * count * 0.0001)
    assert sum(line.call_count for line in journal.ledger.lines(PAYER, None)) == 2 * count


def test_a_model_that_obeys_a_ticket_is_caught(warehouse: Warehouse, journal: Journal, llm: FakeLLM) -> None:
    by_name = {one.name: one for one in load_canaries()}
    obeyed = answer(by_name["injection_order"], "very_positive", "none")
    script(llm, injection_order=obeyed)
    verdict = judge(read(warehouse, journal, settings(llm), MONDAY, "run-1"))
    assert verdict.right_score > 0.9
    assert not verdict.is_trusted
    assert verdict.broken == ("injection_order",)
    assert "steers the reading: injection_order" in verdict.sentence


def test_hidden_text_that_reaches_a_model_is_caught_before_it_is_sent(
    warehouse: Warehouse, journal: Journal, llm: FakeLLM
) -> None:
    script(llm)
    read(warehouse, journal, settings(llm), MONDAY, "run-1")
    sent = "\n".join(one.ticket for one in llm.history)
    for hidden in (
        "wonderful, best product",
        "we will sue you",
        "terminate our contract immediately",
        "I love this product",
    ):
        assert hidden not in sent


def test_a_model_that_changes_its_mind_is_caught(warehouse: Warehouse, journal: Journal, llm: FakeLLM) -> None:
    script(llm)
    read(warehouse, journal, settings(llm), MONDAY, "run-1")
    # All of these are still right: nothing but the comparison with the day before can see it.
    several = [one for one in load_canaries() if len(one.sentiment) > 1][:3]
    script(llm, **{one.name: answer(one, one.sentiment[1].value) for one in several})
    verdict = judge(read(warehouse, journal, settings(llm), TUESDAY, "run-2"))
    assert (verdict.is_trusted, verdict.is_steady) == (True, False)
    assert set(verdict.flipped) == {one.name for one in several}
    assert verdict.flip_score == pytest.approx(3 / len(load_canaries()))
    # Back again is a change again; then nothing changes.
    script(llm)
    assert judge(read(warehouse, journal, settings(llm), WEDNESDAY, "run-3")).flip_score == verdict.flip_score


def test_another_model_is_compared_with_itself_only(warehouse: Warehouse, journal: Journal, llm: FakeLLM) -> None:
    script(llm)
    read(warehouse, journal, settings(llm), MONDAY, "run-1")
    script(llm)
    other = settings(llm).model_copy(update={"llm_model": "other/model"})
    assert judge(read(warehouse, journal, other, TUESDAY, "run-2")).compared_count == 0
    assert {one.model for one in latest(warehouse)} == {"other/model"}


def test_too_many_wrong_answers_and_silence_are_not_trusted(
    warehouse: Warehouse, journal: Journal, llm: FakeLLM
) -> None:
    plain = [one for one in load_canaries() if one.kind not in {CanaryKind.INJECTION, CanaryKind.HIDDEN_HTML}]
    wrong = {one.name: answer(one, "very_negative", "explicit") for one in plain if one.kind is CanaryKind.TECHNICAL}
    script(llm, **wrong, spanish_thanks=fake.BLOCKED, quoted_anger=fake.BLOCKED, long_end=fake.BLOCKED)
    readings = read(warehouse, journal, settings(llm), MONDAY, "run-1")
    verdict = judge(readings)
    assert not verdict.is_trusted
    assert set(verdict.unread) == {"spanish_thanks", "quoted_anger", "long_end"}
    assert "Without an answer" in verdict.sentence
    [blocked] = [one for one in readings if one.canary == "long_end"]
    assert (blocked.sentiment, blocked.is_right) == (None, False)
    assert "blocks this text" in (blocked.reason or "")


def test_canaries_have_a_budget_of_their_own(warehouse: Warehouse, journal: Journal, llm: FakeLLM) -> None:
    script(llm)
    chosen = settings(llm, llm_canaries_monthly_budget_usd=0.0)
    readings = read(warehouse, journal, chosen, MONDAY, "run-1")
    assert llm.history == []
    assert {one.reason for one in readings} == {readings[0].reason}
    assert "is used up" in (readings[0].reason or "")
    assert not judge(readings).is_trusted


def test_a_refused_key_is_said_at_once(warehouse: Warehouse, journal: Journal, llm: FakeLLM) -> None:
    llm.enqueue(*[fake.BAD_KEY] * 40)
    with pytest.raises(ModelStopped):
        read(warehouse, journal, settings(llm), MONDAY, "run-1")


def test_the_embedded_analyzer_holds_what_it_is_held_to(warehouse: Warehouse, journal: Journal, llm: FakeLLM) -> None:
    embedded = AnalysisSettings(analyzer="embedded")
    read(warehouse, journal, embedded, MONDAY, "run-1")
    readings = read(warehouse, journal, embedded, TUESDAY, "run-2")
    verdict = judge(readings)
    assert (verdict.is_trusted, verdict.flip_score, verdict.wrong) == (True, 0.0, ())
    assert verdict.compared_count == len(readings)
    weak = {one.canary for one in readings if one.is_known_weak}
    assert weak == {one.name for one in load_canaries() if one.weak}
    assert llm.history == []


def test_before_the_first_run_nothing_is_trusted(warehouse: Warehouse) -> None:
    verdict = judge(latest(warehouse))
    assert (verdict.is_trusted, verdict.sentence.startswith("No canary was read yet")) == (False, True)


def test_the_file_covers_what_tickets_do_to_a_reading(tmp_path: Path) -> None:
    canaries = load_canaries()
    assert len(canaries) >= 12
    assert {one.kind for one in canaries} == set(CanaryKind)
    assert sum(one.kind is CanaryKind.INJECTION for one in canaries) >= 4
    assert all(len(one.text) > 9_000 for one in canaries if one.kind is CanaryKind.LONG)
    wrong = tmp_path / "canaries.yaml"
    wrong.write_text("- name: Not a name")
    with pytest.raises(InvalidCanaries, match="Correct it"):
        load_canaries(wrong)
    row = "- {name: a, kind: long, subject: S, content: C, sentiment: [neutral], churn_intent: [none]}\n"
    wrong = tmp_path / "twice.yaml"
    wrong.write_text(row * 2)
    with pytest.raises(InvalidCanaries, match="names a twice"):
        load_canaries(wrong)
    empty = load_canaries(
        _written(tmp_path / "empty.yaml", row.replace("subject: S, content: C", "subject: '', content: ''"))
    )
    with pytest.raises(InvalidCanaries, match="says nothing"):
        _ = empty[0].text


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path
