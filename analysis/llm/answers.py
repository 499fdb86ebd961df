"""From a stored response body to an answer: mended where only the wrapping is broken, refused where the content is.

Mending is limited to what cannot change a label: code fences, prose around the object, trailing commas, letter case of a label,
keys nobody asked for. A label outside the closed list is never replaced by a near one.
"""

import json
import re
from typing import Any

from pydantic import ValidationError

from analysis.analyzer import (
    MOST_TOPICS,
    Answer,
    Question,
    SentimentAnswer,
    Task,
    Taxonomy,
    TopicsAnswer,
    UnreadableAnswer,
    hashed,
)
from analysis.llm.proposals import proposal_schema, proposals
from analysis.llm.replies import first_choice, json_object
from core.topics import NO_TOPIC
from core.vocabulary import AnalysisTask, ChurnIntent, DiscoveryTask, Resolution, Sentiment, Target

_TRAILING_COMMA = re.compile(r'("(?:[^"\\]|\\.)*+")|,(?=\s*[}\]])')


def answer_schema(question: Question) -> dict[str, Any]:
    """The JSON schema the model must answer in; strict, so every property is required and nothing else allowed.

    The order of the properties is the order in which a model writes: quotes come before what is concluded from them.
    """
    if isinstance(question.task, DiscoveryTask):
        return proposal_schema(question.task)
    if question.task is AnalysisTask.TOPICS:
        names = [*question.taxonomy.names, NO_TOPIC]
        properties: dict[str, Any] = {"topics": {"type": "array", "items": {"type": "string", "enum": names}}}
    else:
        properties = {
            "quotes": {"type": "array", "items": {"type": "string"}},
            "sentiment": {"type": "string", "enum": [level.value for level in Sentiment]},
            "churn_intent": {"type": "string", "enum": [intent.value for intent in ChurnIntent]},
            "target": {"type": "string", "enum": [target.value for target in Target]},
            "resolution": {"type": "string", "enum": [resolution.value for resolution in Resolution]},
        }
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def schema_hash(task: Task) -> str:
    """The hash of a task's answer schema; of its shape, since a tenant's topics are in the call key already."""
    return hashed(answer_schema(Question(task, "")))


def parse_answer(question: Question, raw: str) -> Answer:
    """The answer in a response body.

    Raises:
        UnreadableAnswer: No JSON object, a label outside the closed lists, a missing key, or broken off.
    """
    content, is_cut = _content(raw)
    try:
        fields = _json_object(content)
        if isinstance(question.task, DiscoveryTask):
            return proposals(question.task, fields)
        return _topics(fields, question.taxonomy) if question.task is AnalysisTask.TOPICS else _sentiment(fields)
    except (ValueError, ValidationError) as error:
        why = "it was broken off before its end" if is_cut else _sentence(error)
        raise UnreadableAnswer(f"The model's answer cannot be used: {why}.") from error


def _content(raw: str) -> tuple[str, bool]:
    choice = first_choice(json_object(raw) or {})
    if choice is None:
        raise UnreadableAnswer("The model's answer cannot be used: the stored response holds no message.")
    message = choice["message"]
    content = message.get("content")
    if isinstance(content, list):
        content = "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    if not isinstance(content, str) or not content.strip():
        refusal = message.get("refusal")
        reason = f"the model refused ({str(refusal)[:200]})" if refusal else "it is empty"
        raise UnreadableAnswer(f"The model's answer cannot be used: {reason}.")
    return content, choice.get("finish_reason") == "length"


def _json_object(content: str) -> dict[str, Any]:
    start, end = content.find("{"), content.rfind("}")
    if start < 0 or end < start:
        raise ValueError("it holds no JSON object")
    text = content[start : end + 1]
    mended = _TRAILING_COMMA.sub(lambda match: match.group(1) or "", text)
    try:
        # What begins with a brace and parses is an object.
        value: dict[str, Any] = json.loads(mended, strict=False)
    except (ValueError, RecursionError) as error:
        raise ValueError("its JSON is malformed") from error
    return value


def _sentiment(fields: dict[str, Any]) -> SentimentAnswer:
    known = {name: fields[name] for name in SentimentAnswer.model_fields if name in fields}
    for name in ("sentiment", "churn_intent", "target", "resolution"):
        if isinstance(known.get(name), str):
            known[name] = known[name].strip().lower()
    return SentimentAnswer.model_validate(known)


def _topics(fields: dict[str, Any], taxonomy: Taxonomy) -> TopicsAnswer:
    answer = TopicsAnswer.model_validate({name: fields[name] for name in ("topics",) if name in fields})
    by_name = {name.casefold(): name for name in taxonomy.names}
    said = [label.strip().casefold() for label in answer.topics]
    unknown = [label for label in said if label not in by_name and label != NO_TOPIC]
    if unknown:
        raise ValueError(f"there is no topic named {unknown[0][:80]!r}")
    labels = dict.fromkeys(by_name[label] for label in said if label in by_name)
    return TopicsAnswer(topics=tuple(labels)[:MOST_TOPICS])


def _sentence(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg'].lower()}"
    return str(error)
