"""What happened to a property catalogue between two looks at it."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.vocabulary import PropertyChangeKind
from ingestion.hubspot.drift import PropertyChange, property_changes


def row(name: str, *, kind: str = "string", archived: bool = False, object_type: str = "tickets") -> dict[str, Any]:
    return {"object_type": object_type, "name": name, "type": kind, "field_type": "text", "archived": archived}


def test_every_kind_of_change() -> None:
    held = [row("same"), row("mrr", kind="string"), row("old"), row("back", archived=True)]
    found = [row("same"), row("mrr", kind="number"), row("old", archived=True), row("back"), row("new")]
    assert property_changes(held, found) == [
        PropertyChange("tickets", "back", PropertyChangeKind.RESTORED),
        PropertyChange("tickets", "mrr", PropertyChangeKind.RETYPED, "string/text", "number/text"),
        PropertyChange("tickets", "new", PropertyChangeKind.ADDED, None, "string/text"),
        PropertyChange("tickets", "old", PropertyChangeKind.ARCHIVED),
    ]


def test_the_first_look_at_an_object_type_is_no_change() -> None:
    assert property_changes([row("a")], [row("a"), row("b", object_type="emails")]) == []


ROWS = st.lists(
    st.builds(row, st.sampled_from("abcdef"), kind=st.sampled_from(["string", "number"]), archived=st.booleans()),
    unique_by=lambda one: one["name"],
)


@given(ROWS, ROWS)
def test_changes_lead_from_one_to_the_other(held: list[dict[str, Any]], found: list[dict[str, Any]]) -> None:
    """Applied to what was held they give what was found, and there is none where nothing differs."""
    everything = [*found, *(one | {"archived": True} for one in held if one["name"] not in {f["name"] for f in found})]
    state = {one["name"]: dict(one) for one in held}
    for change in property_changes(held, everything):
        if change.change is PropertyChangeKind.ADDED:
            state[change.name] = row(change.name, kind=str(change.after).split("/")[0])
        elif change.change is PropertyChangeKind.RETYPED:
            state[change.name]["type"] = str(change.after).split("/")[0]
        else:
            state[change.name]["archived"] = change.change is PropertyChangeKind.ARCHIVED
    if held:
        assert state == {one["name"]: one for one in everything}
    assert property_changes(everything, everything) == []
