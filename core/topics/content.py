"""What one version of a taxonomy holds: topics, rules, examples, and what became of every name that ever was one.

Examples are named by the correction they come from: a ticket's words stand in one place only, so that they can be erased there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

LONGEST_NAME = 80
"""Characters a topic's name may have."""

NO_TOPIC = "none"
"""The label of a ticket no topic fits; never the name of one."""

UNREAD_TOPIC = "unread"
"""What tickets whose topics were not read are counted under; never the name of a topic."""


@dataclass(frozen=True, slots=True)
class ContentTopic:
    """A topic, active or archived; `parent` is the topic above it, which has none itself."""

    name: str
    description: str = ""
    parent: str | None = None
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class ContentRule:
    """What a person told whoever sorts tickets; about one topic, or about all. `rule_id` counts from 1 and is never reused."""

    rule_id: int
    text: str
    topic: str | None = None
    example: str = ""
    author: str = ""


@dataclass(frozen=True, slots=True)
class ContentExample:
    """Which topics a person gave the text of one correction."""

    correction_id: int
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaxonomyContent:
    """One version's content. `successors` says of a name that is no topic any more which name took its place."""

    topics: tuple[ContentTopic, ...] = ()
    rules: tuple[ContentRule, ...] = ()
    examples: tuple[ContentExample, ...] = ()
    successors: Mapping[str, str] = field(default_factory=dict)
    last_rule_id: int = 0

    @property
    def active(self) -> tuple[ContentTopic, ...]:
        """The topics tickets are labelled with."""
        return tuple(topic for topic in self.topics if topic.is_active)

    @property
    def active_names(self) -> frozenset[str]:
        """Their names."""
        return frozenset(topic.name for topic in self.topics if topic.is_active)

    @property
    def active_rules(self) -> tuple[ContentRule, ...]:
        """The rules that are said: those about an archived topic are kept for its return, and silent."""
        names = self.active_names
        return tuple(rule for rule in self.rules if rule.topic is None or rule.topic in names)

    def topic(self, name: str) -> ContentTopic | None:
        """The topic of this name, active or archived; capitals and small letters count as the same."""
        return next((topic for topic in self.topics if topic.name.casefold() == name.casefold()), None)

    def children(self, name: str) -> tuple[ContentTopic, ...]:
        """The active topics right below one."""
        return tuple(topic for topic in self.topics if topic.parent == name and topic.is_active)

    def current(self, name: str) -> str | None:
        """The active topic for which a label of this name counts, however often it was renamed and merged; None: none."""
        seen = set()
        while name not in seen:
            seen.add(name)
            held = next((topic for topic in self.topics if topic.name == name), None)
            if held is not None:
                return name if held.is_active else None
            if name not in self.successors:
                return None
            name = self.successors[name]
        return None

    def relabelled(self, labels: Iterable[str]) -> tuple[str, ...]:
        """Labels of any age as labels of this version, in their order and each once; empty where none of them is left."""
        current = (self.current(label) for label in labels if label != NO_TOPIC)
        return tuple(dict.fromkeys(name for name in current if name is not None))

    def relabelled_or_lost(self, labels: Sequence[str]) -> tuple[str, ...] | None:
        """As `relabelled`; None where a label a person chose is no topic any more: nobody knows what they would say."""
        chosen = [label for label in labels if label != NO_TOPIC]
        current = [self.current(label) for label in chosen]
        return None if None in current else self.relabelled(chosen)

    def as_json(self) -> dict[str, Any]:
        """As it is stored."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """As it was stored."""
        return cls(
            topics=tuple(ContentTopic(**topic) for topic in stored["topics"]),
            rules=tuple(ContentRule(**rule) for rule in stored["rules"]),
            examples=tuple(
                ContentExample(example["correction_id"], tuple(example["topics"])) for example in stored["examples"]
            ),
            successors=dict(stored["successors"]),
            last_rule_id=stored["last_rule_id"],
        )
