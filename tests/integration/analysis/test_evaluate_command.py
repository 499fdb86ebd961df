"""`churnboard evaluate`, with rules and with a model behind HTTP, on a labelled folder of its own."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import churnboard
from analysis.evals import is_unseen
from core.warehouse import connect
from tests.support.fake_llm import GARBAGE, FakeLLM

TEXTS = {
    "I love this, thank you!": "very_positive",
    "It is broken again and nobody answers. Terrible.": "very_negative",
    "Where do I find the export?": "neutral",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [
        {"id": str(place), "content": text, "label_sentiment": label}
        for place, (text, label) in enumerate(TEXTS.items())
    ]
    (tmp_path / "sentiment.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return tmp_path


@pytest.fixture(autouse=True)
def _set_up(folder: Path, warehouse_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", warehouse_url)
    monkeypatch.setenv("DATA_DIR", str(folder / "installation"))
    monkeypatch.setenv("CHURNBOARD_DATA_DIR", str(folder))
    monkeypatch.setattr(churnboard.shared.console, "width", 200)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(churnboard.app, ["evaluate", *arguments])


def read_sentences(*arguments: str) -> str:
    result = run("sentiment", "--set", "sentences", "--whole", *arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_rules_are_evaluated_and_the_run_is_kept(warehouse_url: str) -> None:
    said = read_sentences()
    assert "sentiment of sentences, read by embedded-rules" in said
    assert "0.00 USD" in said
    kept = connect(warehouse_url).rows("select * from enrichment.evaluations order by labels")
    assert [(row["labels"], row["text_count"], row["unread_count"], row["example_count"]) for row in kept] == [
        ("five levels", 3, 0, 0),
        ("three levels", 3, 0, 0),
    ]
    assert kept[0]["run_id"] in said
    assert kept[1]["accuracy_score"] == 1.0
    assert kept[0]["cost_usd"] == 0.0
    precise = connect(warehouse_url).rows("select * from enrichment.label_precision order by label")
    assert {row["run_id"] for row in precise} == {kept[0]["run_id"]}
    assert {row["label"]: (row["answered_count"], row["right_count"]) for row in precise}["neutral"] == (1, 1)
    assert sum(row["answered_count"] for row in precise) == sum(row["right_count"] for row in precise) == 3
    assert {row["prompt_version"] for row in precise} == {kept[0]["prompt_version"]}
    assert "how often an answer is right" in said


def test_a_model_is_paid_once_a_text_and_an_unusable_answer_counts_as_an_error(
    llm: FakeLLM, warehouse_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("ANALYZER", "openai_compatible"), ("LLM_BASE_URL", llm.url), ("LLM_MODEL", "fake/model")):
        monkeypatch.setenv(name, value)
    llm.enqueue(GARBAGE, GARBAGE, where="export")
    for _ in range(2):
        assert "read by fake/model" in read_sentences()
    assert len(llm.paid) == 4, "two texts, and the third one twice"
    rows = connect(warehouse_url).rows("select * from enrichment.evaluations where labels = 'five levels'")
    assert [(row["text_count"], row["unread_count"], row["model"]) for row in rows] == [(3, 1, "fake/model")] * 2
    assert len({row["run_id"] for row in rows}) == 2
    assert rows[0]["cost_usd"] == pytest.approx(rows[1]["cost_usd"]) == pytest.approx(4 * 0.0001)
    assert read_sentences("--most", "1").count("unread") == 1


def test_examples_are_taught_out_of_the_other_half_and_each_run_is_kept(folder: Path, warehouse_url: str) -> None:
    kinds = {"Food": "the soup was cold", "Parking": "no place for the car"}
    rows = [
        {"id": f"nhs-{place}", "content": f"Day {place}: {said}", "label_topic": topic, "label_topics": [topic]}
        for place in range(40)
        for topic, said in [list(kinds.items())[place % 2]]
    ]
    (folder / "tickets.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    result = run("topics", "--examples", "3", "--examples", "0")
    assert result.exit_code == 0, result.output
    kept = connect(warehouse_url).rows("select * from enrichment.evaluations order by example_count")
    assert [row["example_count"] for row in kept] == [0, 3]
    assert kept[0]["text_count"] == kept[1]["text_count"] == sum(is_unseen(row["id"]) for row in rows)
    assert kept[0]["accuracy_score"] < 0.1
    assert kept[1]["accuracy_score"] > 0.9
    assert all(row["run_id"] in result.output for row in kept)


@pytest.mark.parametrize("arguments", [("sentiment", "--examples", "5"), ("topics", "--whole", "--examples", "5")])
def test_examples_that_would_be_counted_themselves_are_refused(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_training_writes_the_same_file_twice(folder: Path) -> None:
    levels = ("very_negative", "negative", "neutral", "positive", "very_positive")
    rows = [
        {"id": f"r-{place}", "content": f"{level} text {place}", "label_sentiment": level}
        for place in range(60)
        for level in [levels[place % 5]]
    ]
    (folder / "sentiment.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (folder / "tickets.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows[:10]), encoding="utf-8")
    files = [folder / "one.json", folder / "two.json"]
    for file in files:
        result = CliRunner().invoke(churnboard.app, ["train", "--out", str(file), "--check"])
        assert result.exit_code == 0, result.output
        assert "sentences" in result.output
    assert files[0].read_bytes() == files[1].read_bytes()
    assert json.loads(files[0].read_text())["words"]


def test_what_cannot_be_evaluated_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = run("sentiment", "--set", "tweets")
    assert odd.exit_code == 2
    assert "known are comments, sentences" in " ".join(odd.output.replace("│", "").split())
    assert "intent.jsonl" in str(run("intent").exception)
    monkeypatch.delenv("CHURNBOARD_DATA_DIR")
    assert run("intent").exit_code == 2


def test_masking_is_measured_on_planted_details_and_the_run_is_kept(folder: Path, warehouse_url: str) -> None:
    rows = [{"id": str(place), "subject": "Late", "content": f"It broke {place} times. Help!"} for place in range(60)]
    (folder / "tickets.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    result = run("masking", "--seed", "3")
    assert result.exit_code == 0, result.output
    assert "masking of details planted in 60 texts" in result.output
    kept = {row["labels"]: row for row in connect(warehouse_url).rows("select * from enrichment.evaluations")}
    assert sorted(kept) == ["card", "email", "iban", "name", "phone"]
    assert {row["subject"] for row in kept.values()} == {"masking"}
    assert {row["text_count"] for row in kept.values()} == {60}
    assert all(kept[kind]["recall_score"] == 1.0 for kind in ("card", "email", "iban"))
    assert kept["phone"]["recall_score"] > 0.85
    again = run("masking", "--seed", "3")
    assert result.output.splitlines()[3:9] == again.output.splitlines()[3:9]
