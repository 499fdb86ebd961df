"""What a call cost where its server does not say: the price a person set, for tokens the server counted; never a guess."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens, there and back; None where nobody set it, and such tokens then count as free."""

    input_usd_per_million: float | None = None
    output_usd_per_million: float | None = None

    def usd(self, input_tokens: int, output_tokens: int) -> float:
        """What these tokens cost."""
        sent = input_tokens * (self.input_usd_per_million or 0.0)
        return (sent + output_tokens * (self.output_usd_per_million or 0.0)) / 1_000_000


UNKNOWN_PRICE = Price()
"""Nobody set one."""
