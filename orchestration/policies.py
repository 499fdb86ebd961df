"""From what tenants decided, in the application database, to how their tickets are read."""

from collections.abc import Sequence

from analysis.make import prompt_library
from analysis.policy import ReadingPolicy
from core.installation import Installation
from core.tenants import TenantId
from core.vocabulary import AnalysisTask


def newest_prompts(place: Installation) -> dict[AnalysisTask, str]:
    """The newest shipped version of each task's prompt: what is pinned where nobody has chosen.

    Raises:
        InvalidPrompt: A task has no prompt.
    """
    library = prompt_library(place.settings.analysis)
    return {task: library.newest(task) for task in AnalysisTask}


def reading_policies(place: Installation, tenant_ids: Sequence[TenantId]) -> dict[TenantId, ReadingPolicy]:
    """The policy of each tenant.

    Who has no pin yet gets one, of today's newest version: a release with a newer prompt must not, by itself, have everything of
    everybody read and paid for again.
    """
    newest = newest_prompts(place)
    return {
        one: ReadingPolicy(prompt_versions=place.prompt_pins.pin_unpinned(one, newest, author="first reading"))
        for one in tenant_ids
    }
