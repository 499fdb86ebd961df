"""The matrix of labels before and after."""

from hypothesis import given
from hypothesis import strategies as st

from analysis.topics.changes import NOTHING, label_changes, relabelled
from core.topics import ContentTopic, TaxonomyContent

LABELS = st.lists(st.sampled_from(["A", "B", "C", "none"]), max_size=3)
BY_TICKET = st.dictionaries(st.sampled_from(["1", "2", "3", "4", "5"]), LABELS, max_size=5)


def test_kept_lost_and_got() -> None:
    before = {"1": ["A"], "2": ["A", "B"], "3": ["none"], "4": ["A"], "5": ["A", "B"], "6": ["gone"]}
    after = {"1": ["A"], "2": ["B", "C"], "3": ["C"], "4": [], "5": ["A"], "7": ["new"]}
    changes = label_changes(before, after)
    assert changes.counts == {
        ("A", "A"): 2,
        ("A", "C"): 1,
        ("B", "B"): 1,
        ("none", "C"): 1,
        ("A", "none"): 1,
        ("B", NOTHING): 1,
    }
    assert (changes.ticket_count, changes.changed_count) == (5, 4)
    assert changes.befores == ["A", "B", "none"]
    assert changes.afters == ["A", "C", "B", "none", NOTHING]


def test_labels_count_under_the_names_a_version_knows() -> None:
    content = TaxonomyContent((ContentTopic("B"), ContentTopic("C", is_active=False)), successors={"A": "B"})
    held = {"1": ["A", "B"], "2": ["C"], "3": ["C", "A"], "4": ["none"]}
    assert relabelled(held, content) == {"1": ("B",), "2": ("none",), "3": ("B",), "4": ("none",)}


@given(BY_TICKET, BY_TICKET)
def test_every_ticket_in_both_is_counted_and_no_other(
    before: dict[str, list[str]], after: dict[str, list[str]]
) -> None:
    changes = label_changes(before, after)
    assert changes.ticket_count == len(before.keys() & after.keys())
    assert (changes.changed_count == 0) == all(one == other for one, other in changes.counts)
    assert label_changes(before, before).changed_count == 0
