"""The tenant's own rules, out of a session."""

from typing import Any

from sqlalchemy import select

from core.rules import DEEPEST, FACTS, MOST_NODES, MOST_RULES
from core.topics.content import TaxonomyContent
from serve.errors import NotFound
from serve.tenancy import WRITTEN, TenantSession, trigger_rules

_R, _T = trigger_rules().c, WRITTEN["topic_version"].c
_VERSIONS = select(*_R).order_by(_R.rule_id, _R.version)
_TOPICS = select(_T.content).order_by(_T.version.desc()).limit(1)


class RuleNotFound(NotFound):
    """The tenant has no rule of that id."""


class RuleRepository:
    """Reads rules of one session."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    def topics(self) -> frozenset[str]:
        """Topics a rule may name: the active ones."""
        for row in self._session.standing(_TOPICS):
            return TaxonomyContent.from_json(row["content"]).active_names
        return frozenset()

    def current(self) -> list[dict[str, Any]]:
        """The newest version of each rule that was not deleted, by rule id."""
        newest = {row["rule_id"]: row for row in self._session.standing(_VERSIONS)}
        return self._told([row for row in newest.values() if not row["is_deleted"]])

    def history(self, rule_id: str) -> list[dict[str, Any]]:
        """Every version of one rule, the newest first.

        Raises:
            RuleNotFound: There is none, or it was deleted.
        """
        rows = self._session.standing(_VERSIONS.where(_R.rule_id == rule_id))
        if not rows or rows[-1]["is_deleted"]:
            raise no_rule(rule_id)
        return self._told(rows[::-1])

    def _told(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        names = {row["subject"]: row["name"] for row in self._session.users()}
        return [
            {
                "rule_id": row["rule_id"],
                "version": row["version"],
                "name": row["name"],
                "severity": row["severity"],
                "is_notify": row["is_notify"],
                "when": row["tree"],
                "is_active": row["is_active"],
                "dry_run": row["dry_run"] or None,
                "valid_from_at": row["valid_from_at"],
                "author": names.get(row["author"], row["author"]),
            }
            for row in rows
        ]


def no_rule(rule_id: str) -> RuleNotFound:
    """What is said where there is none of that id."""
    return RuleNotFound(f"There is no rule {rule_id!r}: see GET /api/v1/rules.")


def facts() -> dict[str, Any]:
    """What a rule may ask, without the topics."""
    return {
        "items": [
            {
                "name": one.name,
                "kind": one.kind,
                "unit": one.unit,
                "meaning": one.meaning,
                "operators": list(one.kind.operators),
                "longest_days": one.longest_days,
                "has_topic": one.has_topic,
                "mapped_field": one.mapped_field,
            }
            for one in FACTS.values()
        ],
        "deepest": DEEPEST,
        "most_nodes": MOST_NODES,
        "most_rules": MOST_RULES,
    }
