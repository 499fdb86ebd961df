"""The answers of a discovery: what a model must answer in, and what its fields become."""

from typing import Any

from analysis.analyzer import MergeAnswer, MergedTopic, ProposalsAnswer, ProposedTopic, TicketQuote
from core.vocabulary import DiscoveryTask


def proposal_schema(task: DiscoveryTask) -> dict[str, Any]:
    """The JSON schema of the answer; strict, quotes before what is concluded from them."""
    numbers = {"type": "array", "items": {"type": "integer"}}
    said = {"name": {"type": "string"}, "description": {"type": "string"}}
    if task is DiscoveryTask.PROPOSE:
        quote = _object({"ticket": {"type": "integer"}, "quote": {"type": "string"}})
        topic = _object({"quotes": {"type": "array", "items": quote}, **said, "tickets": numbers})
    else:
        topic = _object({"members": numbers, **said})
    return _object({"topics": {"type": "array", "items": topic}})


def proposals(task: DiscoveryTask, fields: dict[str, Any]) -> ProposalsAnswer | MergeAnswer:
    """The answer in the fields of a JSON object.

    Raises:
        ValueError: A key is missing, or has a value of another kind.
    """
    listed = fields.get("topics")
    if not isinstance(listed, list) or not all(isinstance(topic, dict) for topic in listed):
        raise ValueError("topics is not a list of objects")
    if task is DiscoveryTask.PROPOSE:
        return ProposalsAnswer(topics=tuple(_proposed(topic) for topic in listed[:40]))
    return MergeAnswer(topics=tuple(_merged(topic) for topic in listed[:200]))


def _proposed(fields: dict[str, Any]) -> ProposedTopic:
    quotes = fields.get("quotes")
    if not isinstance(quotes, list) or not all(isinstance(one, dict) for one in quotes):
        raise ValueError("quotes is not a list of objects")
    said = [TicketQuote(ticket=one.get("ticket"), quote=one.get("quote")) for one in quotes[:20]]
    wanted = {name: fields.get(name) for name in ("name", "description", "tickets")}
    return ProposedTopic.model_validate({"quotes": said, **wanted})


def _merged(fields: dict[str, Any]) -> MergedTopic:
    return MergedTopic.model_validate({name: fields.get(name) for name in ("members", "name", "description")})


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
