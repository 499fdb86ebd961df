"""The analyzer that needs no key and no network: a lexicon and rules, on one core."""

from analysis.embedded.analyzer import EmbeddedAnalyzer

__all__ = ["EmbeddedAnalyzer"]
