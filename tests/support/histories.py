"""Random histories of a portal: what may happen in it, as steps that always make sense whatever it holds."""

from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st

from ingestion.sandbox.world import Portal

KINDS = ("tickets", "companies", "contacts", "emails", "notes")
BODIES = {
    "tickets": "content",
    "companies": "name",
    "contacts": "firstname",
    "emails": "hs_email_text",
    "notes": "hs_note_body",
}
TEXTS = st.none() | st.sampled_from(["", "it broke", "<b>no</b>", "😡", "\\.", 'a "quoted", text\r\n'])

RECORDS = ("edit", "create", "archive", "restore", "purge", "link", "unlink", "merge", "privacy_delete", "label")


@dataclass(frozen=True)
class Step:
    """One thing that happens; what it happens to is chosen by number, modulo what there is."""

    name: str
    kind: str
    number: int
    other: int
    text: str | None


def steps(*names: str, most: int) -> st.SearchStrategy[list[Step]]:
    return st.lists(
        st.builds(Step, st.sampled_from(names), st.sampled_from(KINDS), st.integers(0, 20), st.integers(0, 20), TEXTS),
        min_size=4,
        max_size=most,
    )


# An example takes seconds and is at most a dozen steps long: making a failing one shorter would take minutes and help nobody.
UNHURRIED: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "phases": [Phase.explicit, Phase.reuse, Phase.generate],
}


def happen(portal: Portal, step: Step) -> None:
    """Let one of `RECORDS` happen, as far as there is anything for it to happen to."""
    live, archived = portal.ids(step.kind), portal.ids(step.kind, archived=True)
    if step.name == "create":
        portal.upsert(step.kind, {BODIES[step.kind]: step.text})
    elif step.name == "restore":
        if archived:
            portal.restore(step.kind, archived[step.number % len(archived)])
    elif step.name in {"link", "unlink", "label"}:
        _link(portal, step)
    elif step.name == "privacy_delete":
        contacts = portal.ids("contacts")
        if contacts:
            portal.privacy_delete(contacts[step.number % len(contacts)])
    elif step.name == "merge":
        _merge(portal, step, live)
    elif live:
        target = live[step.number % len(live)]
        if step.name == "edit":
            portal.set_property(step.kind, target, BODIES[step.kind], step.text)
        else:
            getattr(portal, step.name)(step.kind, target)


def _merge(portal: Portal, step: Step, live: list[str]) -> None:
    if step.kind in {"tickets", "companies", "contacts"} and len(live) > 1:
        first, second = live[step.number % len(live)], live[step.other % len(live)]
        if first != second:
            portal.merge(step.kind, first, second)


def _link(portal: Portal, step: Step) -> None:
    to = "contacts" if step.kind == "tickets" else step.kind
    tickets, targets = portal.ids("tickets"), portal.ids(to)
    if not tickets or not targets:
        return
    ticket, target = tickets[step.number % len(tickets)], targets[step.other % len(targets)]
    if step.name == "unlink":
        if target in portal.linked_ids("tickets", ticket, to):
            portal.dissociate("tickets", ticket, to, target)
        return
    labels = [portal.define_label("tickets", to, "Special")] if step.name == "label" else []
    portal.associate("tickets", ticket, to, target, primary=to == "companies" and step.other % 2 == 0, labels=labels)
