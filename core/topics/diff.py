"""What is different between two taxonomies, line by line, for people."""

from dataclasses import dataclass, replace

from core.topics.content import ContentRule, ContentTopic, TaxonomyContent


@dataclass(frozen=True, slots=True)
class Difference:
    """One line: `kind` is added, removed, renamed, merged, archived, described, moved, changed (a rule) or taught."""

    kind: str
    what: str
    before: str = ""
    after: str = ""


def differences(before: TaxonomyContent, after: TaxonomyContent) -> list[Difference]:
    """The lines, topics first; empty where nothing is different."""
    return [*_of_topics(before, after), *_of_rules(before, after), *_of_examples(before, after)]


def _of_topics(before: TaxonomyContent, after: TaxonomyContent) -> list[Difference]:
    found: list[Difference] = []
    old = {topic.name: topic for topic in before.active}
    new = {topic.name: topic for topic in after.active}
    became = {name: after.current(name) for name in old}
    for name in sorted(old.keys() - new.keys()):
        now = became[name]
        kind = "archived" if now is None else "merged" if now in old else "renamed"
        found.append(Difference(kind, name, after=now or ""))
    came = {now for name, now in became.items() if now and name != now}
    found += [Difference("added", name, after=new[name].description) for name in sorted(new.keys() - old.keys() - came)]
    for name, topic in sorted(old.items()):
        now = became[name]
        if now is not None and not (now != name and now in old):
            found += _of_topic(topic, new[now], after)
    return found


def _of_topic(old: ContentTopic, new: ContentTopic, after: TaxonomyContent) -> list[Difference]:
    found = []
    if old.description != new.description:
        found.append(Difference("described", new.name, old.description, new.description))
    if (after.current(old.parent) if old.parent else None) != new.parent:
        found.append(Difference("moved", new.name, old.parent or "top", new.parent or "top"))
    return found


def _of_rules(before: TaxonomyContent, after: TaxonomyContent) -> list[Difference]:
    old, new = ({rule.rule_id: rule for rule in content.rules} for content in (before, after))
    found = [
        Difference("removed", f"rule {number}", before=old[number].text) for number in sorted(old.keys() - new.keys())
    ]
    for number in sorted(old.keys() & new.keys()):
        # A rule follows a topic that was renamed: that is told of the topic.
        scope = after.current(old[number].topic or "") or old[number].topic
        was = replace(old[number], topic=scope, author=new[number].author)
        if was != new[number]:
            found.append(Difference("changed", f"rule {number}", _in_words(was), _in_words(new[number])))
    return found + [
        Difference("added", f"rule {number}", after=new[number].text) for number in sorted(new.keys() - old.keys())
    ]


def _in_words(rule: ContentRule) -> str:
    scope = f" About: {rule.topic}." if rule.topic else ""
    example = f" For instance: {rule.example}" if rule.example else ""
    return f"{rule.text}{scope}{example}"


def _of_examples(before: TaxonomyContent, after: TaxonomyContent) -> list[Difference]:
    old, new = ({one.correction_id: one.topics for one in content.examples} for content in (before, after))
    said = {number: ", ".join(labels) or "none" for number, labels in (old | new).items()}
    found = [Difference("removed", f"correction {number}", said[number]) for number in sorted(old.keys() - new.keys())]
    return found + [
        Difference("taught", f"correction {number}", after=said[number]) for number in sorted(new.keys() - old.keys())
    ]
