"""From settings to an analyzer."""

from analysis.analyzer import Analyzer
from analysis.prompts import PromptLibrary
from core.errors import Terminal
from core.settings import AnalysisSettings


class AnalyzerNotConfigured(Terminal):
    """The settings ask for a model that cannot be reached with them."""


def make_analyzer(settings: AnalysisSettings) -> Analyzer:
    """The analyzer the settings choose; opens no connection yet.

    Raises:
        AnalyzerNotConfigured: A model is asked for without its name or address, or with a lease a call can outlast.
    """
    if settings.use_embedded:
        from analysis.embedded import EmbeddedAnalyzer

        return EmbeddedAnalyzer()
    if not settings.llm_model or not settings.llm_base_url.startswith(("http://", "https://")):
        raise AnalyzerNotConfigured(
            f"ANALYZER is {settings.analyzer}, but LLM_MODEL is {settings.llm_model!r} and LLM_BASE_URL is "
            f"{settings.llm_base_url!r}: set both, or ANALYZER=embedded."
        )
    if settings.llm_lease_seconds <= settings.llm_timeout_seconds:
        raise AnalyzerNotConfigured(
            f"LLM_LEASE_SECONDS ({settings.llm_lease_seconds:g}) must be longer than LLM_TIMEOUT_SECONDS "
            f"({settings.llm_timeout_seconds:g}): otherwise another run may pay for a call that is still being made."
        )
    from analysis.llm import OpenAICompatibleAnalyzer
    from analysis.llm.price import Price

    return OpenAICompatibleAnalyzer(
        base_url=settings.llm_base_url,
        api_key=settings.llm_api_key,
        model=settings.llm_model,
        fallback_model=settings.llm_fallback_model,
        providers=settings.providers,
        timeout_seconds=settings.llm_timeout_seconds,
        prompts=prompt_library(settings),
        price=Price(settings.llm_input_usd_per_million, settings.llm_output_usd_per_million),
    )


def prompt_library(settings: AnalysisSettings) -> PromptLibrary:
    """The prompts the settings name; reads no file yet."""
    return PromptLibrary(settings.prompts_dir)
