"""What a person does to the draft, one edit at a time: each either gives a valid taxonomy or is refused with a sentence.

Held after every edit: names are unique whatever their capitals, a name that was given up is not given to something else, no topic
stands on a third level, and every name that ever was a topic leads to an active one or to none.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.errors import Terminal
from core.topics.content import LONGEST_NAME, NO_TOPIC, UNREAD_TOPIC, ContentRule, ContentTopic, TaxonomyContent
from core.vocabulary import TopicEditKind

_LONGEST_TEXT = 2_000
_SIGNED = {TopicEditKind.ADD_RULE, TopicEditKind.CHANGE_RULE}
_Change = Callable[..., TaxonomyContent]


class InvalidEdit(Terminal):
    """An edit the taxonomy does not allow; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit: its kind, what it was given, and who made it."""

    kind: TopicEditKind
    details: Mapping[str, Any]
    author: str = ""

    def __str__(self) -> str:
        said = {name: value for name, value in self.details.items() if value not in (None, "", False)}
        return f"{self.kind} " + ", ".join(f"{name}: {_said(value)}" for name, value in said.items())


def edited(content: TaxonomyContent, edit: Edit) -> TaxonomyContent:
    """The content after an edit.

    Raises:
        InvalidEdit: The edit is not possible; the sentence says why and what to do instead.
    """
    details = dict(edit.details) | ({"author": edit.author} if edit.kind in _SIGNED else {})
    return _CHANGES[edit.kind](content, **details)


def is_relabelling(edits: Sequence[Edit]) -> bool:
    """Whether answers given before these edits still hold once their labels are renamed: nothing else was asked differently."""
    return all(edit.kind in {TopicEditKind.RENAME, TopicEditKind.MERGE, TopicEditKind.MOVE} for edit in edits)


def _add(content: TaxonomyContent, *, name: str, description: str = "", parent: str | None = None) -> TaxonomyContent:
    new = ContentTopic(_free(content, name), _text(description, "description"), _parent(content, parent))
    return replace(content, topics=(*content.topics, new))


def _describe(content: TaxonomyContent, *, name: str, description: str) -> TaxonomyContent:
    return _with(content, replace(_active(content, name), description=_text(description, "description")))


def _rename(content: TaxonomyContent, *, name: str, to: str) -> TaxonomyContent:
    old = _active(content, name)
    wanted = _name(to)
    if wanted == old.name:
        raise InvalidEdit(f"The topic is called {wanted} already.")
    is_coming_back = content.successors.get(wanted) is not None and content.current(wanted) == old.name
    if wanted.casefold() != old.name.casefold() and not is_coming_back:
        _free(content, wanted)
    successors = {was: became for was, became in content.successors.items() if was != wanted}
    # Followed through once, so that a name which comes back is nobody's step on the way.
    successors = {was: (wanted if content.current(was) == old.name else became) for was, became in successors.items()}
    return _renamed(replace(content, successors=successors | {old.name: wanted}), old.name, wanted)


def _merge(content: TaxonomyContent, *, name: str, into: str, description: str = "") -> TaxonomyContent:
    old, kept = _active(content, name), _active(content, into)
    if old == kept:
        raise InvalidEdit(f"{old.name} cannot be merged into itself.")
    if kept.parent == old.name:
        raise InvalidEdit(f"{kept.name} stands below {old.name}: move it to the top first.")
    if content.children(old.name) and kept.parent:
        raise InvalidEdit(
            f"{old.name} has topics below it and {kept.name} stands below {kept.parent}: there are two levels. "
            f"Move one of them first."
        )
    both = " ".join(dict.fromkeys(part for part in (kept.description, old.description) if part))
    merged = replace(kept, description=_text(description or both[:_LONGEST_TEXT], "description"))
    rest = replace(
        _with(content, merged),
        topics=tuple(topic for topic in _with(content, merged).topics if topic.name != old.name),
        successors={**content.successors, old.name: kept.name},
    )
    return _renamed(rest, old.name, kept.name)


def _split(
    content: TaxonomyContent, *, name: str, into: Sequence[Mapping[str, str]], is_kept: bool = False
) -> TaxonomyContent:
    old = _active(content, name)
    if len(into) < 2:
        raise InvalidEdit(f"{old.name} is split into two topics or more; to give it another name, rename it.")
    if not is_kept and content.children(old.name):
        raise InvalidEdit(f"{old.name} has topics below it: keep it as their parent, or move them first.")
    for part in into:
        parent = old.name if is_kept else old.parent
        content = _add(content, name=part["name"], description=part.get("description", ""), parent=parent)
    return content if is_kept else _with(content, replace(old, is_active=False))


def _archive(content: TaxonomyContent, *, name: str) -> TaxonomyContent:
    old = _active(content, name)
    if below := content.children(old.name):
        listed = ", ".join(topic.name for topic in below)
        raise InvalidEdit(f"{old.name} has topics below it ({listed}): archive or move those first.")
    return _with(content, replace(old, is_active=False))


def _restore(content: TaxonomyContent, *, name: str) -> TaxonomyContent:
    old = content.topic(name)
    if old is None or old.is_active:
        raise InvalidEdit(f"There is no archived topic {name!r}.")
    parent = old.parent if old.parent in content.active_names else None
    if parent and (above := content.topic(parent)) and above.parent:
        parent = None
    return _with(content, replace(old, is_active=True, parent=parent))


def _move(content: TaxonomyContent, *, name: str, parent: str | None = None) -> TaxonomyContent:
    topic = _active(content, name)
    above = _parent(content, parent)
    if above == topic.name:
        raise InvalidEdit(f"{topic.name} cannot stand below itself.")
    if above and content.children(topic.name):
        raise InvalidEdit(f"{topic.name} has topics below it, so it cannot stand below {above}: there are two levels.")
    return _with(content, replace(topic, parent=above))


def _add_rule(
    content: TaxonomyContent, *, text: str, topic: str | None = None, example: str = "", author: str = ""
) -> TaxonomyContent:
    rule = _rule(content, content.last_rule_id + 1, text, topic, example, author)
    return replace(content, rules=(*content.rules, rule), last_rule_id=rule.rule_id)


def _change_rule(
    content: TaxonomyContent, *, rule_id: int, text: str, topic: str | None = None, example: str = "", author: str = ""
) -> TaxonomyContent:
    if all(rule.rule_id != rule_id for rule in content.rules):
        raise InvalidEdit(f"There is no rule {rule_id}.")
    changed = _rule(content, rule_id, text, topic, example, author)
    return replace(content, rules=tuple(changed if rule.rule_id == rule_id else rule for rule in content.rules))


def _remove_rule(content: TaxonomyContent, *, rule_id: int) -> TaxonomyContent:
    left = tuple(rule for rule in content.rules if rule.rule_id != rule_id)
    if len(left) == len(content.rules):
        raise InvalidEdit(f"There is no rule {rule_id}.")
    return replace(content, rules=left)


_CHANGES: Mapping[TopicEditKind, _Change] = {
    TopicEditKind.ADD: _add,
    TopicEditKind.DESCRIBE: _describe,
    TopicEditKind.RENAME: _rename,
    TopicEditKind.MERGE: _merge,
    TopicEditKind.SPLIT: _split,
    TopicEditKind.ARCHIVE: _archive,
    TopicEditKind.RESTORE: _restore,
    TopicEditKind.MOVE: _move,
    TopicEditKind.ADD_RULE: _add_rule,
    TopicEditKind.CHANGE_RULE: _change_rule,
    TopicEditKind.REMOVE_RULE: _remove_rule,
}


def _rule(
    content: TaxonomyContent, rule_id: int, text: str, topic: str | None, example: str, author: str
) -> ContentRule:
    said = _text(text, "rule")
    if not said:
        raise InvalidEdit("A rule needs words.")
    scope = _active(content, topic).name if topic else None
    return ContentRule(rule_id, said, scope, _text(example, "example"), author)


def _active(content: TaxonomyContent, name: str) -> ContentTopic:
    topic = content.topic(name)
    if topic is None:
        became = content.current(name)
        hint = f" It is called {became} now." if became else ""
        raise InvalidEdit(f"There is no topic {name!r}.{hint}")
    if not topic.is_active:
        raise InvalidEdit(f"{topic.name} is archived: restore it first.")
    return topic


def _parent(content: TaxonomyContent, name: str | None) -> str | None:
    if not name:
        return None
    above = _active(content, name)
    if above.parent:
        raise InvalidEdit(
            f"{above.name} stands below {above.parent}, so nothing can stand below it: there are two levels."
        )
    return above.name


def _name(name: str) -> str:
    tidy = " ".join(name.split())
    if not tidy or len(tidy) > LONGEST_NAME or not tidy.isprintable():
        raise InvalidEdit(f"{name[:LONGEST_NAME]!r} is no name for a topic: give it 1 to {LONGEST_NAME} characters.")
    if tidy.casefold() == NO_TOPIC:
        raise InvalidEdit(f"{tidy!r} is what a ticket is labelled with that no topic fits: take another name.")
    if tidy.casefold() == UNREAD_TOPIC:
        raise InvalidEdit(f"{tidy!r} is what tickets are counted under that were not sorted: take another name.")
    return tidy


def _free(content: TaxonomyContent, name: str) -> str:
    tidy = _name(name)
    held = content.topic(tidy)
    if held is not None:
        more = "" if held.is_active else ", archived: restore it, or take another name"
        raise InvalidEdit(f"There is a topic {held.name} already{more}.")
    was = next((one for one in content.successors if one.casefold() == tidy.casefold()), None)
    if was is not None:
        raise InvalidEdit(
            f"{was} is what {content.current(was) or 'an archived topic'} was called, and tickets carry it: take another name."
        )
    return tidy


def _text(text: str, what: str) -> str:
    tidy = " ".join(text.split())
    if len(tidy) > _LONGEST_TEXT:
        raise InvalidEdit(f"The {what} has {len(tidy):,} characters: {_LONGEST_TEXT:,} at most.")
    return tidy


def _with(content: TaxonomyContent, changed: ContentTopic) -> TaxonomyContent:
    return replace(content, topics=tuple(changed if topic.name == changed.name else topic for topic in content.topics))


def _renamed(content: TaxonomyContent, old: str, new: str) -> TaxonomyContent:
    """`new` for `old` wherever a topic, a rule or an example names it."""
    topics = tuple(
        replace(
            topic,
            name=new if topic.name == old else topic.name,
            parent=new if topic.parent == old else topic.parent,
        )
        for topic in content.topics
    )
    rules = tuple(replace(rule, topic=new) if rule.topic == old else rule for rule in content.rules)
    examples = tuple(
        replace(one, topics=tuple(dict.fromkeys(new if name == old else name for name in one.topics)))
        for one in content.examples
    )
    return replace(content, topics=topics, rules=rules, examples=examples)


def _said(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return " and ".join(str(part.get("name", part)) if isinstance(part, Mapping) else str(part) for part in value)
    return str(value)
