"""How the fake model server sorts and discovers: it does as the examples in its prompt do, and takes subjects for topics."""

import re
from typing import Any

_EXAMPLE = re.compile(r"^example (\w+)\n(.*?)\nend of example \1\nright answer: ([^\n]*)$", re.MULTILINE | re.DOTALL)
_NUMBERED = re.compile(r"^(\w{12}) (\d+)\n(.*?)(?=\n\n\1 \d+\n|\Z)", re.MULTILINE | re.DOTALL)
_PROPOSAL = re.compile(r"^(\d+)\. (.+?) \(\d+ tickets\): ", re.MULTILINE)


def sorted_as(prompt: str, ticket: str) -> list[str] | None:
    """The answer of the example that is this very ticket; None where there is none."""
    for _, text, labels in _EXAMPLE.findall(prompt):
        if ticket.startswith(text):
            return list(labels.split("; "))
    return None


def discovered(text: str) -> dict[str, Any]:
    """Of a batch, the subjects that several tickets share; of proposals, those with the same name as one."""
    proposals = _PROPOSAL.findall(text)
    if proposals:
        by_name: dict[str, list[int]] = {}
        for number, name in proposals:
            by_name.setdefault(name.casefold(), []).append(int(number))
        return {
            "topics": [
                {"members": numbers, "name": name.capitalize(), "description": f"All about {name}."}
                for name, numbers in by_name.items()
            ]
        }
    by_subject: dict[str, list[tuple[int, str]]] = {}
    for _, number, ticket in _NUMBERED.findall(text):
        subject, _, said = ticket.partition("\n\n")
        by_subject.setdefault(subject, []).append((int(number), said))
    return {
        "topics": [
            {
                "quotes": [{"ticket": number, "quote": said} for number, said in tickets[:3]],
                "name": subject,
                "description": f"Tickets about {subject}.",
                "tickets": [number for number, _ in tickets],
            }
            for subject, tickets in by_subject.items()
            if len(tickets) > 1
        ]
    }
