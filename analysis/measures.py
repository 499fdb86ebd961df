"""The arithmetic of evaluations and comparisons: agreement beyond chance, and how sure a share is. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

_Z_95 = 1.959964  # As in `transforms/macros/wilson.sql`, which tells the same bound.


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `count`, with the range the true share lies in."""

    hits: int
    count: int

    @property
    def value(self) -> float:
        """The share; 0 of nothing is 0."""
        return self.hits / self.count if self.count else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of Wilson (1927), which holds for small counts and for shares near 0 and 1; of nothing (0, 1)."""
        return wilson(self.value, self.count)


def wilson(share: float, count: float) -> tuple[float, float]:
    """The 95 % interval of Wilson (1927) for a share of `count`, perhaps not whole, as it stands for amounts; of nothing (0, 1)."""
    if not count:
        return 0.0, 1.0
    n, p, z2 = count, share, _Z_95**2
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z_95 * sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half))


def kappa(counts: Mapping[tuple[str, str], int], levels: Mapping[str, int] | None = None) -> float | None:
    """Cohen's kappa of a square table: agreement beyond what the two margins alone would give.

    Args:
        counts: How often the first said one label and the second another.
        levels: The place of each label where labels are ordered; errors then weigh by their squared distance (Cohen, 1968).

    Returns:
        1 for full agreement, 0 for chance, None where chance alone would agree always, or nothing was compared.
    """
    total = sum(counts.values())
    firsts, seconds = Counter[str](), Counter[str]()
    for (first, second), count in counts.items():
        firsts[first] += count
        seconds[second] += count

    def weight(first: str, second: str) -> int:
        return (levels[first] - levels[second]) ** 2 if levels else int(first != second)

    observed = sum(count * weight(*pair) for pair, count in counts.items())
    expected = sum(
        one * other * weight(first, second) for first, one in firsts.items() for second, other in seconds.items()
    )
    return 1 - observed * total / expected if expected else None
