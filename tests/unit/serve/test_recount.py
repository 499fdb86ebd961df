"""What the whole would be without each topic, by hand."""

from typing import Any

from serve.metrics.recount import left_out_one_by_one, share


def counted(topic: str, **values: int) -> dict[str, Any]:
    base = {"ticket_count": 1, "read_count": 1, "negative_count": 1, "level_sum": -1, "points": 1, "company_count": 0}
    return {"topic": topic, "parent_topic": None} | base | values


def test_each_topic_is_left_out_of_the_whole() -> None:
    rows = [
        counted("billing", ticket_count=4, read_count=4, negative_count=4, level_sum=-6, points=9, company_count=2),
        counted("data", ticket_count=6, read_count=5, negative_count=0, level_sum=4, points=0, company_count=3),
    ]
    of_all = counted("", ticket_count=10, read_count=9, negative_count=4, level_sum=-2, points=9)
    billing, data = left_out_one_by_one(rows, of_all, [{"topic": "billing", "mrr_touched": 50.0}])
    assert (billing["negative_share_without"], billing["negative_share_impact"]) == (0, 0.444444)
    assert (data["negative_share_without"], data["negative_share_impact"]) == (1.0, -0.555556)
    assert (data["mean_level_without"], data["mean_level_impact"]) == (-1.5, 1.277778)
    assert (billing["points_share"], billing["mrr_touched"], data["mrr_touched"]) == (1.0, 50.0, None)
    ranks = [(row["topic"], row["negative_rank"], row["level_rank"], row["mrr_rank"]) for row in (billing, data)]
    assert ranks == [("billing", 1, 1, 1), ("data", 2, 2, 2)]


def test_a_topic_that_is_everything_leaves_nothing_to_compare_with() -> None:
    row = counted("billing")
    [found] = left_out_one_by_one([row], row, [])
    assert (found["negative_share_without"], found["negative_share_impact"]) == (None, None)
    assert share(1, 0) is None
