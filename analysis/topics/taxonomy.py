"""From what was shipped to what an analyzer is given: topics, rules, and examples with the words of the tickets they come from.

Read from the staging views of `raw_app`, so what is in force for reading is what the last load brought.
"""

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

from analysis.analyzer import Taxonomy, Topic, TopicExample, TopicRule
from analysis.sending import masked_texts
from analysis.tickets import STAGED_CORRECTIONS, STAGED_VERSIONS
from analysis.topics.asking import Asker
from core.naming import STAGING
from core.topics import TaxonomyContent
from core.topics.draft import Candidate
from core.warehouse import Warehouse
from core.warehouse.base import Snapshot

_VERSIONS: Final = f"""
select tenant_id, version, content from {STAGING}.{STAGED_VERSIONS} where tenant_id = any(:tenant_ids) order by tenant_id, version
"""  # noqa: S608 - names of ours, values are bound

_TEXTS: Final = f"""
select tenant_id, correction_id, ticket_id, corrected_text from {STAGING}.{STAGED_CORRECTIONS}
where tenant_id = any(:tenant_ids) and field = 'topics' and corrected_text is not null
"""  # noqa: S608 - names of ours, values are bound


@dataclass(frozen=True, slots=True)
class TenantTaxonomy:
    """What a tenant's tickets are sorted by.

    Attributes:
        current: The version in force.
        content: The same as it was shipped: it knows what became of every name.
        before: Versions before it whose answers hold, since nothing but names was changed after them; newest first.
    """

    current: Taxonomy
    content: TaxonomyContent
    before: tuple[Taxonomy, ...] = ()


def read_taxonomies(
    snapshot: Snapshot, tenant_ids: Sequence[str], *, masked: Set[str] = frozenset()
) -> dict[str, TenantTaxonomy]:
    """The taxonomy of each tenant that has one; examples of `masked` tenants without personal details, as they are sent.

    Raises:
        NothingStaged: Examples are to be masked, and the staging views that tell names are not built yet.
    """
    rows = snapshot.rows(_TEXTS, tenant_ids=list(tenant_ids))
    texts: dict[str, dict[int, str]] = {}
    for tenant_id in {row["tenant_id"] for row in rows}:
        mine = [row for row in rows if row["tenant_id"] == tenant_id]
        said = {row["correction_id"]: (row["ticket_id"], row["corrected_text"]) for row in mine}
        texts[tenant_id] = example_texts(snapshot, tenant_id, said, is_masked=tenant_id in masked)
    found: dict[str, TenantTaxonomy] = {}
    for row in snapshot.rows(_VERSIONS, tenant_ids=list(tenant_ids)):
        content = TaxonomyContent.from_json(json.loads(row["content"]))
        taxonomy = as_taxonomy(content, texts.get(row["tenant_id"], {}), version=row["version"])
        older = found.get(row["tenant_id"])
        before = (older.current, *older.before) if older else ()
        found[row["tenant_id"]] = TenantTaxonomy(taxonomy, content, before)
    return found


def example_texts(
    snapshot: Snapshot, tenant_id: str, said: Mapping[int, tuple[str, str]], *, is_masked: bool
) -> dict[int, str]:
    """The texts of corrections, given with their tickets, as they are shown to whoever sorts.

    Raises:
        NothingStaged: They are to be masked, and the staging views that tell names are not built yet.
    """
    shown = masked_texts(snapshot, tenant_id, said, is_masked=is_masked)
    return {number: one.text for number, one in shown.items()}


def as_taxonomy(content: TaxonomyContent, texts: Mapping[int, str], *, version: int = 0) -> Taxonomy:
    """What is asked with a version's content; `texts` are those of its examples, by correction: one without is left out."""
    return Taxonomy(
        topics=tuple(
            Topic(topic.name, topic.description, topic.parent)
            for topic in sorted(content.active, key=lambda topic: topic.name)
        ),
        rules=tuple(TopicRule(rule.text, rule.topic, rule.example) for rule in content.active_rules),
        examples=tuple(
            TopicExample(texts[example.correction_id], example.topics)
            for example in content.examples
            if example.correction_id in texts
        ),
        version=version,
    )


def candidate_taxonomy(asker: Asker, warehouse: Warehouse, tenant_id: str, candidate: Candidate) -> Taxonomy:
    """What an analyzer would be given once the candidate were shipped."""
    said = {one.correction_id: (one.ticket_id, one.text) for one in candidate.corrections if one.text is not None}
    with warehouse.snapshot() as snapshot:
        texts = example_texts(snapshot, tenant_id, said, is_masked=asker.is_masked)
    return as_taxonomy(candidate.content, texts, version=candidate.version)
