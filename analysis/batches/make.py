"""From settings to a provider's batches."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from analysis.analyzer import BatchableAnalyzer
from analysis.batches.backlog import Backlog
from analysis.batches.client import BatchClient
from analysis.batches.openai import OpenAIBatches
from analysis.batches.openrouter import OpenRouterBatches
from analysis.budget import Budget
from analysis.journal import Journal
from core.settings import AnalysisSettings

_BY_HOST = {"openrouter.ai": OpenRouterBatches.provider, "api.openai.com": OpenAIBatches.provider}


@dataclass(frozen=True)
class Batching:
    """How runs use batches; the attributes are those of `Backlog`."""

    clients: Callable[[str], BatchClient]
    provider: str | None
    from_calls: int = 1_000
    size: int = 500
    wait_seconds: float = 900.0
    first_pause_seconds: float = 5.0

    def backlog(
        self,
        *,
        journal: Journal,
        analyzer: BatchableAnalyzer,
        run_id: str,
        tenant_ids: Collection[str],
        budget: Budget | None = None,
    ) -> Backlog:
        """The batches of one run."""
        return Backlog(
            journal=journal,
            analyzer=analyzer,
            clients=self.clients,
            provider=self.provider,
            run_id=run_id,
            tenant_ids=tenant_ids,
            from_calls=self.from_calls,
            size=self.size,
            wait_seconds=self.wait_seconds,
            first_pause_seconds=self.first_pause_seconds,
            budget=budget,
        )


def make_batching(settings: AnalysisSettings) -> Batching | None:
    """How the settings have runs use batches; None where nothing that costs money reads."""
    if settings.use_embedded:
        return None
    return Batching(
        clients=partial(make_batch_client, settings),
        provider=_provider(settings),
        from_calls=settings.llm_batch_from,
        size=settings.llm_batch_size,
        wait_seconds=settings.llm_batch_wait_seconds,
    )


def make_batch_client(settings: AnalysisSettings, provider: str) -> BatchClient:
    """The batches of `provider` (`openrouter` or `openai`) behind `LLM_BASE_URL`; opens no connection yet."""
    url, key, model = settings.llm_base_url, settings.llm_api_key, settings.llm_model
    if provider == OpenRouterBatches.provider:
        return OpenRouterBatches(base_url=url, api_key=key, model=model, providers=settings.providers)
    return OpenAIBatches(base_url=url, api_key=key, model=model)


def _provider(settings: AnalysisSettings) -> str | None:
    if settings.llm_batch == "off":
        return None
    if settings.llm_batch == "auto":
        return _BY_HOST.get(urlsplit(settings.llm_base_url).hostname or "")
    return settings.llm_batch
