"""From what tenants decided, in the application database, to how their tickets are read."""

from collections.abc import Mapping, Sequence

from analysis.analyzer import Analyzer, PaidAnalyzer
from analysis.make import prompt_library
from analysis.policy import ReadingPolicy
from analysis.prompts import InvalidPrompt, Prompt
from core.appdb.wordings import Wording
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
    wanted = set(tenant_ids)
    return {
        one.tenant_id: ReadingPolicy(
            is_masked=one.is_masked,
            prompt_versions=place.prompt_pins.pin_unpinned(one.tenant_id, newest, author="first reading"),
        )
        for one in place.directory.tenants()
        if one.tenant_id in wanted
    }


def keep_wordings(place: Installation, policies: Mapping[TenantId, ReadingPolicy], analyzer: Analyzer) -> None:
    """Keep the words that these tenants' tickets are about to be read with, for whoever asks of a reading what was asked.

    An analyzer that asks no model has no prompt: its rules came with the release.

    Raises:
        InvalidPrompt: One of the prompts cannot be used.
    """
    if not isinstance(analyzer, PaidAnalyzer):
        return
    library = prompt_library(place.settings.analysis)
    for tenant_id, policy in policies.items():
        prompts = [library.load(task, policy.prompt_version(task)) for task in AnalysisTask]
        place.wordings(tenant_id).keep([_wording(task, one) for task, one in zip(AnalysisTask, prompts, strict=True)])


def _wording(task: AnalysisTask, prompt: Prompt) -> Wording:
    return Wording(
        task=task,
        prompt_version=prompt.version,
        fingerprint=prompt.fingerprint,
        schema_hash=prompt.schema_hash,
        notes=prompt.notes,
        system_text=prompt.system,
        user_text=prompt.user,
        again_text=prompt.again,
    )


def refused_prompts(policies: Mapping[TenantId, ReadingPolicy], analyzer: Analyzer) -> dict[str, str]:
    """Whoever is pinned to a prompt that this analyzer cannot be asked with, and why: the others are read all the same."""
    refused: dict[str, str] = {}
    for tenant_id, policy in policies.items():
        try:
            for task in AnalysisTask:
                analyzer.identity(task, policy.prompt_version(task))
        except InvalidPrompt as error:
            refused[tenant_id] = str(error)
    return refused
