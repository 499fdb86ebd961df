"""Prompts are data with declared variables, and never change once used."""

import hashlib
from pathlib import Path

import pytest
import yaml

import analysis.prompts
from analysis.prompts import InvalidPrompt, latest_prompt, load_prompt
from core.vocabulary import AnalysisTask

FOLDER = Path(analysis.prompts.__file__).parent
FROZEN = {
    "sentiment/2026-11-b": "5d6c561de9e64b68",
    "topics/2026-11-a": "03c4ad90f4f9a1df",
}
GOOD = {
    "task": "topics",
    "version": "2027-01-a",
    "notes": "n",
    "variables": ["text", "complaint"],
    "system": "read",
    "user": "{{ text }}",
    "again": "{{ complaint }} {{text}}",
}


def write(folder: Path, **changes: object) -> Path:
    (folder / "topics").mkdir(exist_ok=True)
    path = folder / "topics" / "2027-01-a.yaml"
    path.write_text(yaml.safe_dump(GOOD | changes))
    return path


def test_a_prompt_that_was_used_is_never_edited() -> None:
    held = {
        f"{path.parent.name}/{path.stem}": hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        for path in FOLDER.glob("*/*.yaml")
    }
    assert held == FROZEN, "write a new version instead of changing one: rows say which version read them"


@pytest.mark.parametrize(("task", "newest"), [("sentiment", "2026-11-b"), ("topics", "2026-11-a")])
def test_the_newest_version_is_in_use(task: str, newest: str) -> None:
    prompt = latest_prompt(AnalysisTask(task))
    assert prompt.task == task
    assert prompt.version == newest


def test_values_are_filled_in_once_and_left_alone(tmp_path: Path) -> None:
    write(tmp_path)
    prompt = load_prompt(AnalysisTask.TOPICS, "2027-01-a", tmp_path)
    messages = prompt.messages(text="say {{ complaint }} {{text}}", complaint="x")
    assert messages == [
        {"role": "system", "content": "read"},
        {"role": "user", "content": "say {{ complaint }} {{text}}"},
    ]
    assert prompt.messages(is_again=True, text="t", complaint="why")[1]["content"] == "why t"


def test_a_missing_value_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(InvalidPrompt, match="needs complaint"):
        load_prompt(AnalysisTask.TOPICS, "2027-01-a", tmp_path).messages(is_again=True, text="t")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"variables": ["text"]}, "the two agree"),
        ({"variables": ["text", "complaint", "unused"]}, "unused"),
        ({"extra": 1}, "extra"),
        ({"version": "v1"}, "version"),
        ({"task": "sentiment"}, "must agree"),
        ({"again": None}, "again"),
    ],
)
def test_a_prompt_that_cannot_be_used_says_why(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    write(tmp_path, **changes)
    with pytest.raises(InvalidPrompt, match=said):
        load_prompt.__wrapped__(AnalysisTask.TOPICS, "2027-01-a", tmp_path)


def test_a_task_without_a_prompt_says_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidPrompt, match="no prompt for sentiment"):
        latest_prompt(AnalysisTask.SENTIMENT, tmp_path)
