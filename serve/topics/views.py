"""Taxonomies as bodies. Pure."""

from typing import Any

from core.topics import ContentRule, ContentTopic, TaxonomyContent
from core.topics.draft import Candidate, Draft, ShippedVersion
from serve.topics.repository import Figures


def draft_view(candidate: Candidate) -> dict[str, Any]:
    """The `draft` object of an answer."""
    draft = candidate.draft
    return {
        "seq": draft.seq,
        "base_version": draft.base.version if draft.base else None,
        "edits": [
            {
                "edit_id": one.edit_id,
                "kind": one.edit.kind,
                "details": dict(one.edit.details),
                "author": one.edit.author,
                "created_at": one.created_at,
            }
            for one in draft.edits
        ],
        "untaught_count": candidate.untaught_count,
        "has_changes": candidate.has_changes,
        "is_relabelling": candidate.is_relabelling,
    }


def version_view(one: ShippedVersion) -> dict[str, Any]:
    """One version without its content."""
    return {
        "version": one.version,
        "author": one.author,
        "note": one.note,
        "shipped_at": one.shipped_at,
        "is_relabelling": one.is_relabelling,
        "restored_version": one.restored_version,
        "topic_count": len(one.content.active),
        "rule_count": len(one.content.active_rules),
        "example_count": len(one.content.examples),
    }


def rule_view(rule: ContentRule) -> dict[str, Any]:
    """One rule."""
    return {name: getattr(rule, name) for name in ("rule_id", "text", "topic", "example", "author")}


def topic_views(draft: Draft, figures: Figures | None) -> list[dict[str, Any]]:
    """The draft's topics, those in use by name, archived ones last."""
    base = draft.base.content if draft.base else TaxonomyContent()
    ordered = sorted(draft.content.topics, key=lambda one: (not one.is_active, one.name.casefold()))
    return [_topic_view(one, draft.content, base, figures) for one in ordered]


def _topic_view(
    topic: ContentTopic, content: TaxonomyContent, base: TaxonomyContent, figures: Figures | None
) -> dict[str, Any]:
    lead_here = [one.name for one in base.active if content.current(one.name) == topic.name]
    named_so = base.topic(topic.name)
    kept = named_so.name if named_so and named_so.name == topic.name else next(iter(lead_here), None)
    before = base.topic(kept) if kept else None
    rules = [rule for rule in content.rules if rule.topic == topic.name]
    renamed_parent = content.current(before.parent) if before and before.parent else None
    is_changed = (
        before is None
        or before.name != topic.name
        or before.description != topic.description
        or before.is_active != topic.is_active
        or renamed_parent != topic.parent
        or len(lead_here) > 1
        or [(one.rule_id, one.text, one.example) for one in base.rules if one.topic == kept]
        != [(one.rule_id, one.text, one.example) for one in rules]
    )
    return {
        "name": topic.name,
        "description": topic.description,
        "parent": topic.parent,
        "is_active": topic.is_active,
        "in_force_name": kept,
        "merged_from": sorted(name for name in lead_here if name != kept),
        "is_changed": is_changed,
        "rules": [rule_view(rule) for rule in rules],
        "figures": figures.topics.get(kept) if figures and kept else None,
    }
