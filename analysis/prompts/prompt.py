"""Loads and renders prompts; a variable that was not declared, or not given, is an error with its name."""

import re
from pathlib import Path
from typing import Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from analysis.analyzer import hashed
from core.errors import Terminal
from core.vocabulary import AnalysisTask, DiscoveryTask

_VERSION = r"\d{4}-\d{2}-[a-z](-[a-z0-9]+)*"
_LONGEST_VERSION = 80
_ALWAYS = {"user": {"boundary", "text"}, "again": {"boundary", "text", "complaint"}}
_VARIABLE = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")


class InvalidPrompt(Terminal):
    """A prompt file that cannot be used, or a rendering without one of its variables."""


class Prompt(BaseModel):
    """One version of one task's prompt."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    task: AnalysisTask | DiscoveryTask
    version: str = Field(pattern=f"^{_VERSION}$", max_length=_LONGEST_VERSION)
    notes: str
    """What changed against the version before, and why."""

    schema_hash: str = Field(pattern="^[0-9a-f]{16}$")
    """Hash of the answer schema it was written for (`analysis.llm.answers`)."""

    variables: tuple[str, ...]
    system: str
    user: str
    again: str
    """Replaces `user` when the first answer could not be read: short, fresh, with the reason in `{{ complaint }}`."""

    @model_validator(mode="after")
    def _declared_is_used(self) -> Self:
        used = {name for part in (self.system, self.user, self.again) for name in _VARIABLE.findall(part)}
        if used != set(self.variables):
            raise ValueError(
                f"variables declares {sorted(self.variables)}, but the text uses {sorted(used)}; make the two agree"
            )
        for part, needed in _ALWAYS.items():
            if missing := sorted(needed - set(_VARIABLE.findall(getattr(self, part)))):
                raise ValueError(f"{part} has no {{{{ {missing[0]} }}}}: without it no ticket can be asked about")
        return self

    @property
    def fingerprint(self) -> str:
        """SHA-256 over what is sent, first 16 hexadecimal digits: a version whose wording was changed asks another question."""
        return hashed({"system": self.system, "user": self.user, "again": self.again})

    def messages(self, *, is_again: bool = False, **values: str) -> list[dict[str, str]]:
        """The chat messages: `system`, then `user` (or `again`), with every variable filled in once.

        What is filled in is not looked at again, so a ticket that contains `{{ text }}` stays as it is.

        Raises:
            InvalidPrompt: A variable the text needs is missing.
        """
        return [
            {"role": "system", "content": self._filled(self.system, values)},
            {"role": "user", "content": self._filled(self.again if is_again else self.user, values)},
        ]

    def _filled(self, template: str, values: dict[str, str]) -> str:
        missing = sorted(set(_VARIABLE.findall(template)) - values.keys())
        if missing:
            raise InvalidPrompt(
                f"Prompt {self.task}/{self.version} needs {', '.join(missing)}: give every variable it declares a value."
            )
        return _VARIABLE.sub(lambda match: values[match.group(1)], template)


def load_prompt(task: AnalysisTask | DiscoveryTask, version: str, folder: Path) -> Prompt:
    """The prompt of `task` in `version` out of a folder of prompts.

    Raises:
        InvalidPrompt: There is no such file, or it is not a prompt of that task and version.
    """
    path = folder / task.value / f"{version}.yaml"
    try:
        prompt = Prompt.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise InvalidPrompt(f"Prompt {task}/{version} cannot be used: {error}. Correct {path.name}.") from error
    if (prompt.task, prompt.version) != (task, version):
        raise InvalidPrompt(
            f"The file {path.name} in {task} calls itself {prompt.task}/{prompt.version}; name and content must agree."
        )
    return prompt
