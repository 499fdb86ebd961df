"""Prompts are data with declared variables, and never change once used."""

from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from analysis.analyzer import Question, Task, call_key
from analysis.llm import OpenAICompatibleAnalyzer
from analysis.llm.answers import answer_schema, schema_hash
from analysis.prompts import SHIPPED, InvalidPrompt, PromptLibrary, load_prompt
from core.vocabulary import AnalysisTask, DiscoveryTask

FROZEN = {
    "sentiment/2026-11-b": "ccac1096c5400637",
    "topic_merge/2026-11-a": "d7b73b57ca796664",
    "topic_proposals/2026-11-a": "a03532b4ed12e981",
    "topics/2026-11-b": "1fcc798bfa6920e7",
}
GOOD = {
    "task": "topics",
    "version": "2027-01-a",
    "notes": "n",
    "schema_hash": schema_hash(AnalysisTask.TOPICS),
    "variables": ["boundary", "text", "complaint"],
    "system": "read",
    "user": "{{boundary}} {{ text }}",
    "again": "{{ complaint }} {{boundary}} {{text}}",
}


def write(folder: Path, **changes: object) -> Path:
    (folder / "topics").mkdir(exist_ok=True)
    path = folder / "topics" / f"{changes.get('named', '2027-01-a')}.yaml"
    path.write_text(yaml.safe_dump({name: value for name, value in (GOOD | changes).items() if name != "named"}))
    return path


def test_a_prompt_that_was_used_is_never_edited() -> None:
    held = {
        f"{path.parent.name}/{path.stem}": load_prompt(task_of(path.parent.name), path.stem, SHIPPED).fingerprint
        for path in SHIPPED.glob("*/*.yaml")
    }
    assert held == FROZEN, "write a new version instead of changing one: rows say which version read them"


def task_of(name: str) -> Task:
    return DiscoveryTask(name) if name.startswith("topic_") else AnalysisTask(name)


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*/*.yaml")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_shipped_prompt_was_written_for_the_schema_that_is_asked_for(path: Path) -> None:
    task = task_of(path.parent.name)
    prompt = PromptLibrary().load(task, path.stem)
    assert prompt.schema_hash == schema_hash(task)
    for name in answer_schema(Question(task, ""))["properties"]:
        assert name in prompt.system, "a model has to be told what each key means"


@pytest.mark.parametrize(("task", "newest"), [("sentiment", "2026-11-b"), ("topics", "2026-11-b")])
def test_the_newest_shipped_version_is_in_use_where_none_is_pinned(tmp_path: Path, task: str, newest: str) -> None:
    write(tmp_path)
    library = PromptLibrary(tmp_path)
    assert library.newest(AnalysisTask(task)) == library.load(AnalysisTask(task)).version == newest


def test_a_prompt_for_another_schema_is_refused_with_what_to_do(tmp_path: Path) -> None:
    write(tmp_path, schema_hash="0123456789abcdef")
    with pytest.raises(InvalidPrompt, match=r"0123456789abcdef, but this release asks .*declare schema_hash: \w{16}"):
        PromptLibrary(tmp_path).load(AnalysisTask.TOPICS, "2027-01-a")
    [entry] = [one for one in PromptLibrary(tmp_path).entries(AnalysisTask.TOPICS) if not one.is_shipped]
    assert (entry.prompt, "2027-01-a was written for" in entry.problem) == (None, True)


def test_a_version_of_ones_own_stands_beside_the_shipped_and_never_takes_their_place(tmp_path: Path) -> None:
    write(tmp_path, named="2026-11-b-acme", version="2026-11-b-acme")
    library = PromptLibrary(tmp_path)
    assert library.load(AnalysisTask.TOPICS, "2026-11-b-acme").system == "read"
    assert [(one.version, one.is_shipped) for one in library.entries(AnalysisTask.TOPICS)][:2] == [
        ("2026-11-b", True),
        ("2026-11-b-acme", False),
    ]
    write(tmp_path, named="2026-11-b", version="2026-11-b")
    with pytest.raises(InvalidPrompt, match=r"two prompts topics/2026-11-b.*2026-11-b-ours"):
        PromptLibrary(tmp_path).load(AnalysisTask.TOPICS, "2026-11-b")
    with pytest.raises(InvalidPrompt, match=r"no prompt topics/2031-01-a: known are 2026-11-b"):
        library.load(AnalysisTask.TOPICS, "2031-01-a")


def test_another_wording_is_another_question_whatever_its_version_says(tmp_path: Path) -> None:
    def key(**changes: object) -> str:
        write(tmp_path, **changes)
        reader = OpenAICompatibleAnalyzer(
            base_url="http://127.0.0.1:1/v1", api_key=SecretStr(""), model="m", prompts=PromptLibrary(tmp_path)
        )
        question = Question(AnalysisTask.TOPICS, "text", prompt_version="2027-01-a")
        return call_key("acme", reader.identity(question.task, question.prompt_version), question)

    assert key() == key(notes="said better")
    assert len({key(), key(system="read well"), key(again="{{ complaint }}: {{boundary}} {{text}}")}) == 3


def test_values_are_filled_in_once_and_left_alone(tmp_path: Path) -> None:
    write(tmp_path)
    prompt = load_prompt(AnalysisTask.TOPICS, "2027-01-a", tmp_path)
    messages = prompt.messages(boundary="b", text="say {{ complaint }} {{text}}", complaint="x")
    assert messages == [
        {"role": "system", "content": "read"},
        {"role": "user", "content": "b say {{ complaint }} {{text}}"},
    ]
    assert prompt.messages(is_again=True, boundary="b", text="t", complaint="why")[1]["content"] == "why b t"


def test_a_missing_value_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(InvalidPrompt, match="needs complaint"):
        load_prompt(AnalysisTask.TOPICS, "2027-01-a", tmp_path).messages(is_again=True, text="t", boundary="b")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"variables": ["text"]}, "the two agree"),
        ({"variables": ["boundary", "text", "complaint", "unused"]}, "unused"),
        ({"user": "{{boundary}}"}, "user has no {{ text }}"),
        ({"again": "{{boundary}} {{text}}", "variables": ["boundary", "text"]}, "again has no {{ complaint }}"),
        ({"schema_hash": "new"}, "schema_hash"),
        ({"extra": 1}, "extra"),
        ({"version": "v1"}, "version"),
        ({"task": "sentiment"}, "must agree"),
        ({"again": None}, "again"),
    ],
)
def test_a_prompt_that_cannot_be_used_says_why(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    write(tmp_path, **changes)
    with pytest.raises(InvalidPrompt, match=said):
        load_prompt(AnalysisTask.TOPICS, "2027-01-a", tmp_path)


def test_a_task_without_a_prompt_says_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidPrompt, match="no prompt for sentiment"):
        PromptLibrary(shipped=tmp_path).load(AnalysisTask.SENTIMENT)
