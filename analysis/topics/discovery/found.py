"""What a discovery finds, whoever searched."""

from dataclasses import dataclass

from analysis.quotes import LocatedQuote

MOST_QUOTES = 3
"""Quotes shown of a proposal."""


@dataclass(frozen=True, slots=True)
class FoundQuote:
    """A passage of one ticket, located in its text."""

    ticket_id: str
    located: LocatedQuote


@dataclass(frozen=True, slots=True)
class FoundTopic:
    """A topic with the tickets it is about and its proof; never without a quote."""

    name: str
    description: str
    ticket_ids: tuple[str, ...]
    quotes: tuple[FoundQuote, ...]


def shown_quotes(quotes: list[FoundQuote]) -> tuple[FoundQuote, ...]:
    """A few of these, of different tickets and different words where there are enough."""
    by_words = {quote.located.quote.casefold(): quote for quote in reversed(quotes)}
    different = [quote for quote in quotes if by_words[quote.located.quote.casefold()] is quote]
    first = list({quote.ticket_id: quote for quote in reversed(different)}.values())[::-1]
    return tuple([*first, *(quote for quote in different if quote not in first)][:MOST_QUOTES])
