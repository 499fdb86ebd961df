"""How one tenant's tickets are read, beyond who reads them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadingPolicy:
    """What a tenant decided about the reading of its tickets."""

    is_masked: bool = True
    """Whether personal details are masked before a text is sent to a model behind an API."""
