"""All prompts there are: those that came with churnboard, and those of the folder `PROMPTS_DIR`.

A version from the folder is read with only where somebody pinned it or runs a shadow of it: a candidate that is being written must
not become what new tenants are read with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.analyzer import Task
from analysis.prompts.prompt import InvalidPrompt, Prompt, load_prompt
from core.vocabulary import AnalysisTask

SHIPPED = Path(__file__).parent
"""The folder of the prompts that came with churnboard."""


@dataclass(frozen=True, slots=True)
class PromptEntry:
    """One prompt file: what it holds, or why it cannot be used."""

    task: AnalysisTask
    version: str
    is_shipped: bool
    prompt: Prompt | None
    problem: str = ""


class PromptLibrary:
    """Reads the files when asked, each once: a library sees no later change of a file it has read."""

    def __init__(self, own: Path | None = None, *, shipped: Path = SHIPPED) -> None:
        """A library of the shipped prompts and those of `own`, a folder laid out in the same way."""
        self._own = own
        self._shipped = shipped
        self._held: dict[tuple[Task, str], Prompt] = {}

    def newest(self, task: Task) -> str:
        """The newest shipped version of a task.

        Raises:
            InvalidPrompt: There is none.
        """
        versions = _versions(self._shipped, task)
        if not versions:
            raise InvalidPrompt(f"There is no prompt for {task}: add {task}/<year>-<month>-a.yaml to the prompts.")
        return versions[-1]

    def load(self, task: Task, version: str = "") -> Prompt:
        """The prompt of `task` in `version`; empty: the newest shipped one.

        Raises:
            InvalidPrompt: There is no such version, there are two, its file cannot be used, or it was written for another answer
                schema than this release asks for.
        """
        wanted = version or self.newest(task)
        if (task, wanted) not in self._held:
            self._held[task, wanted] = self._checked(task, wanted)
        return self._held[task, wanted]

    def entries(self, task: AnalysisTask) -> list[PromptEntry]:
        """Every version of a task, oldest first, those that cannot be used with the reason."""
        shipped, own = set(_versions(self._shipped, task)), set(_versions(self._own, task) if self._own else ())
        return [self._entry(task, version, version in shipped) for version in sorted(shipped | own)]

    def _entry(self, task: AnalysisTask, version: str, is_shipped: bool) -> PromptEntry:
        try:
            return PromptEntry(task, version, is_shipped, self.load(task, version))
        except InvalidPrompt as error:
            return PromptEntry(task, version, is_shipped, None, str(error))

    def _checked(self, task: Task, version: str) -> Prompt:
        # Whoever asks has prompts, and knows what it asks for.
        from analysis.llm.answers import schema_hash

        folders = [one for one in (self._shipped, self._own) if one and version in _versions(one, task)]
        if not folders:
            known = ", ".join(entry for one in (self._shipped, self._own) if one for entry in _versions(one, task))
            raise InvalidPrompt(
                f"There is no prompt {task}/{version}: known are {known or 'none'}. Choose one of them, or put "
                f"{task}/{version}.yaml into the folder that PROMPTS_DIR names."
            )
        if len(folders) > 1:
            raise InvalidPrompt(
                f"There are two prompts {task}/{version}, one that came with churnboard and one in {self._own}: give yours a "
                f"version of its own, for instance {version}-ours."
            )
        prompt = load_prompt(task, version, folders[0])
        expected = schema_hash(task)
        if prompt.schema_hash != expected:
            raise InvalidPrompt(
                f"Prompt {task}/{version} was written for the answer schema {prompt.schema_hash}, but this release asks for "
                f"answers in {expected}: what it asks for and what is understood would differ. Use a newer version "
                f"(`churnboard prompts list {task}`), or write one whose text fits the new schema and declare "
                f"schema_hash: {expected} in it."
            )
        return prompt


def _versions(folder: Path, task: Task) -> Sequence[str]:
    return sorted(path.stem for path in (folder / task.value).glob("*.yaml"))
