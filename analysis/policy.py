"""How one tenant's tickets are read, beyond who reads them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.vocabulary import AnalysisTask


@dataclass(frozen=True, slots=True)
class ReadingPolicy:
    """What a tenant decided about the reading of its tickets."""

    is_masked: bool = True
    """Whether personal details are masked before a text is sent to a model behind an API."""

    prompt_versions: Mapping[AnalysisTask, str] = field(default_factory=dict)
    """The version of the prompt each task is pinned to; a task that is missing is asked with the newest."""

    def prompt_version(self, task: AnalysisTask) -> str:
        """The pinned version of a task; empty: the newest."""
        return self.prompt_versions.get(task, "")
