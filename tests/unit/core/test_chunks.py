from collections.abc import Sequence

import pytest

from core.chunks import chunks


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], []), ([1], [[1]]), ([1, 2], [[1, 2]]), ([1, 2, 3], [[1, 2], [3]]), ((1, 2, 3, 4), [(1, 2), (3, 4)])],
)
def test_every_value_comes_once_and_in_order(values: Sequence[int], expected: list[Sequence[int]]) -> None:
    assert list(chunks(values, 2)) == expected
