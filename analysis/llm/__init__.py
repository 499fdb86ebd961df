"""Any OpenAI-compatible model server as an analyzer."""

from analysis.llm.analyzer import OpenAICompatibleAnalyzer

__all__ = ["OpenAICompatibleAnalyzer"]
