"""What other trigger settings would have done: the cards of two replays of the same days, and what became of the companies.

Pure: cards, outcomes and departures come in as values, a report goes out. How days are replayed is the orchestrator's.
"""
