"""A second prompt to try out, and a model server that answers it in its own way."""

from pathlib import Path
from typing import Any

import yaml

from analysis.prompts import SHIPPED, PromptLibrary
from core.vocabulary import AnalysisTask
from tests.support.fake_llm import FakeLLM, Scripted, answer, ticket_of

CANDIDATE = "2099-12-a"
_MARK = "You are strict."


def write_candidates(folder: Path, version: str = CANDIDATE) -> Path:
    """A folder of prompts with a version of each task that the shipped ones do not have; returns it."""
    for task in AnalysisTask:
        shipped = yaml.safe_load((SHIPPED / task / f"{PromptLibrary().newest(task)}.yaml").read_text())
        (folder / task).mkdir(parents=True, exist_ok=True)
        changed = {"version": version, "notes": "Stricter.", "system": f"{_MARK} {shipped['system']}"}
        (folder / task / f"{version}.yaml").write_text(yaml.safe_dump(shipped | changed))
    return folder


class TwoPromptsLLM(FakeLLM):
    """Asked with the candidate's prompt, it takes a `slow` ticket for an angry one, an angry one for a calm one, and every
    ticket for one about invoices; a `moody` ticket it reads differently each second time."""

    def __init__(self) -> None:
        super().__init__()
        self._times = 0

    def reset(self) -> None:
        """See `FakeLLM.reset`; it begins anew with the moody tickets too."""
        super().reset()
        self._times = 0

    def _next(self, body: dict[str, Any]) -> Scripted:
        text = ticket_of(body)
        is_scripted = any(where in text and scripts for where, scripts in self._scripts_for.items())
        if _MARK not in body["messages"][0]["content"] or is_scripted:
            return super()._next(body)
        if "topics" in body["response_format"]["json_schema"]["schema"]["properties"]:
            return answer(topics=["Invoices"])
        if "moody" in text:
            self._times += 1
        is_angry = "slow" in text or ("moody" in text and self._times % 2 == 0)
        return answer(
            quotes=[text.rpartition("\n\n")[2].partition(". ")[0]] if is_angry else ["nobody wrote this"],
            sentiment="very_negative" if is_angry else "neutral",
            churn_intent="explicit" if is_angry else "none",
            target="product",
            resolution="unsolved" if is_angry else "unclear",
        )
