"""Rules that tenants made: versions that are only ever added, each with the dry run it was saved with.

Append-only, like mappings: a change, and switching a rule off or on, is a new version. A version is in force from `valid_from_at`
on, so a day in the past is judged by the rules of that day, and a rule that is switched off ends its cards instead of taking them
back.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, insert, select

from core.appdb.engine import writing
from core.appdb.locking import lock_tenant
from core.appdb.tables import trigger_rule
from core.errors import ChangedMeanwhile
from core.rules import MOST_RULES, InvalidRule, Rule, TooManyRules, UnknownRule

_C = trigger_rule.c
_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class RuleVersion:
    """A rule as somebody saved it; versions of a rule count from 1.

    Attributes:
        plain: The rule as `core.rules.Rule.as_json` writes it.
        dry_run: What it would have opened when its tree was saved, as the dry run says it.
    """

    rule_id: str
    version: int
    plain: Mapping[str, Any]
    is_active: bool
    dry_run: Mapping[str, Any]
    valid_from_at: datetime
    author: str
    is_deleted: bool = False

    @property
    def rule(self) -> Rule:
        """The rule, ready to be evaluated.

        Raises:
            InvalidRule: This version of churnboard cannot evaluate it.
        """
        return Rule.of(self.plain)


class Rules:
    """Reads and adds versions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def current(self, tenant_id: str) -> list[RuleVersion]:
        """The newest version of each rule of a tenant, by rule id, those that are switched off too, those deleted not."""
        newest = {one.rule_id: one for one in self.history(tenant_id)}
        return [one for one in newest.values() if not one.is_deleted]

    def history(self, tenant_id: str) -> list[RuleVersion]:
        """Every version of every rule, by rule id and version."""
        with self._engine.connect() as connection:
            return _versions(connection, tenant_id)

    def find(self, tenant_id: str, rule_id: str) -> list[RuleVersion]:
        """The versions of one rule, oldest first.

        Raises:
            UnknownRule: There are none.
        """
        found = [one for one in self.history(tenant_id) if one.rule_id == rule_id]
        if not found:
            raise _unknown(tenant_id, rule_id)
        return found

    def save(
        self, tenant_id: str, rule: Rule, *, dry_run: Mapping[str, Any], author: str, now: datetime | None = None
    ) -> RuleVersion | None:
        """See `RuleBook.save`."""
        return self._book(tenant_id).save(rule, dry_run=dry_run, author=author, now=now)

    def disable(self, tenant_id: str, rule_id: str, *, author: str, now: datetime | None = None) -> RuleVersion | None:
        """See `RuleBook.switch`: off from now on."""
        return self._book(tenant_id).switch(rule_id, is_active=False, author=author, now=now)

    def _book(self, tenant_id: str) -> "RuleBook":
        return RuleBook(tenant_id, lambda: writing(self._engine))


class RuleBook:
    """Changes one tenant's rules. `expected_version` is the newest version its author saw, 0: none; None: whatever it is."""

    def __init__(self, tenant_id: str, transaction: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._tenant_id = tenant_id
        self._transaction = transaction

    def save(
        self,
        rule: Rule,
        *,
        dry_run: Mapping[str, Any],
        author: str,
        expected_version: int | None = None,
        now: datetime | None = None,
    ) -> RuleVersion | None:
        """Have a rule fire from now on, in the place of the one of its id.

        Returns:
            The new version; None where the rule is in force just so.

        Raises:
            UnknownTenant: There is no such tenant.
            TooManyRules: The tenant has `MOST_RULES` others.
            ChangedMeanwhile: There is a newer version.
        """
        with self._transaction() as connection:
            newest = self._newest(connection)
            last = newest.pop(rule.rule_id, None)
            _check_version(rule.rule_id, last, expected_version)
            if last is not None and last.is_active and last.plain == rule.as_json():
                return None
            self._check_room(newest)
            return _add(
                connection,
                self._tenant_id,
                last,
                rule.as_json(),
                is_active=True,
                dry_run=dry_run,
                author=author,
                now=now,
            )

    def switch(
        self,
        rule_id: str,
        *,
        is_active: bool,
        author: str,
        expected_version: int | None = None,
        now: datetime | None = None,
    ) -> RuleVersion | None:
        """Switch a rule off from now on, or on again: off, its cards end, as if what it asks for were over.

        Returns:
            The new version; None where it is so already.

        Raises:
            UnknownTenant: There is no such tenant.
            UnknownRule: The tenant has no such rule, or it was deleted.
            TooManyRules: The tenant has `MOST_RULES` others that fire.
            ChangedMeanwhile: There is a newer version.
        """
        with self._transaction() as connection:
            newest = self._newest(connection)
            last = newest.pop(rule_id, None)
            if last is None or last.is_deleted:
                raise _unknown(self._tenant_id, rule_id)
            _check_version(rule_id, last, expected_version)
            if last.is_active is is_active:
                return None
            if is_active:
                self._check_room(newest)
            return _add(
                connection,
                self._tenant_id,
                last,
                last.plain,
                is_active=is_active,
                dry_run=last.dry_run,
                author=author,
                now=now,
            )

    def delete(
        self, rule_id: str, *, author: str, expected_version: int | None = None, now: datetime | None = None
    ) -> RuleVersion:
        """Switch a rule off and list it no more; its versions stay, as past days were judged by them.

        Raises:
            UnknownTenant: There is no such tenant.
            UnknownRule: The tenant has no such rule, or it was deleted already.
            ChangedMeanwhile: There is a newer version.
        """
        with self._transaction() as connection:
            last = self._newest(connection).get(rule_id)
            if last is None or last.is_deleted:
                raise _unknown(self._tenant_id, rule_id)
            _check_version(rule_id, last, expected_version)
            return _add(
                connection,
                self._tenant_id,
                last,
                last.plain,
                is_active=False,
                dry_run=last.dry_run,
                author=author,
                now=now,
                is_deleted=True,
            )

    def _newest(self, connection: Connection) -> dict[str, RuleVersion]:
        lock_tenant(connection, self._tenant_id)
        return {one.rule_id: one for one in _versions(connection, self._tenant_id)}

    def _check_room(self, others: Mapping[str, RuleVersion]) -> None:
        if sum(one.is_active for one in others.values()) >= MOST_RULES:
            raise TooManyRules(
                f"{self._tenant_id} has {MOST_RULES} rules that fire: switch one off with `churnboard rules disable` first."
            )


def rule_state(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """What the warehouse is told of rules: the rows of `raw_app.trigger_rules` and `trigger_rule_literals`."""
    rules: list[dict[str, Any]] = []
    literals: list[dict[str, Any]] = []
    for tenant_id in connection.scalars(select(_C.tenant_id).distinct().order_by(_C.tenant_id)).all():
        for one in _versions(connection, tenant_id):
            rules.append(rule_row(tenant_id, one))
            try:
                literals += literal_rows(tenant_id, one.rule, one.version)
            except InvalidRule as error:
                # A rule without literals never fires; the other rules, and the other tenants, are none the worse for it.
                _log.warning("rules.not_evaluated", tenant=tenant_id, rule=one.rule_id, reason=str(error))
    return {"trigger_rules": rules, "trigger_rule_literals": literals}


def rule_row(tenant_id: str, one: RuleVersion) -> dict[str, Any]:
    """A version as a row of `raw_app.trigger_rules`."""
    return {
        "tenant_id": tenant_id,
        "rule_id": one.rule_id,
        "version": one.version,
        "name": one.plain["name"],
        "tree": json.dumps(one.plain["when"], ensure_ascii=False),
        "severity": one.plain["severity"],
        "is_notify": one.plain["is_notify"],
        "is_active": one.is_active,
        "valid_from_at": one.valid_from_at,
        "author": one.author,
    }


def literal_rows(tenant_id: str, rule: Rule, version: int) -> list[dict[str, Any]]:
    """A rule's clauses as rows of `raw_app.trigger_rule_literals`."""
    return [
        {
            "tenant_id": tenant_id,
            "rule_id": rule.rule_id,
            "version": version,
            "clause_index": clause_index,
            "literal_index": literal_index,
            "measure": literal.measure,
            "fact": literal.fact,
            "within_days": literal.within_days,
            "topic": literal.topic,
            "op": literal.op,
            "value": literal.value,
            "text_value": literal.text_value,
        }
        for clause_index, clause in enumerate(rule.clauses)
        for literal_index, literal in enumerate(clause)
    ]


def _unknown(tenant_id: str, rule_id: str) -> UnknownRule:
    return UnknownRule(f"{tenant_id} has no rule {rule_id!r}: see `churnboard rules list --tenant {tenant_id}`.")


def _check_version(rule_id: str, last: RuleVersion | None, expected: int | None) -> None:
    held = last.version if last else 0
    if expected is not None and expected != held:
        raise ChangedMeanwhile(
            f"Somebody changed the rule {rule_id!r} meanwhile: it is at version {held}, and you saw {expected}. "
            "Look at it as it is now, and try again."
        )


def _add(
    connection: Connection,
    tenant_id: str,
    last: RuleVersion | None,
    plain: Mapping[str, Any],
    *,
    is_active: bool,
    dry_run: Mapping[str, Any],
    author: str,
    now: datetime | None,
    is_deleted: bool = False,
) -> RuleVersion:
    new = RuleVersion(
        rule_id=plain["rule_id"],
        version=last.version + 1 if last else 1,
        plain=plain,
        is_active=is_active,
        dry_run=dry_run,
        valid_from_at=now or datetime.now(UTC),
        author=author,
        is_deleted=is_deleted,
    )
    row = {
        "tenant_id": tenant_id,
        "rule_id": new.rule_id,
        "version": new.version,
        "name": plain["name"],
        "tree": plain["when"],
        "severity": plain["severity"],
        "is_notify": plain["is_notify"],
        "is_active": is_active,
        "is_deleted": is_deleted,
        "dry_run": dict(dry_run),
        "valid_from_at": new.valid_from_at,
        "author": author,
    }
    connection.execute(insert(trigger_rule).values(row))
    return new


def _versions(connection: Connection, tenant_id: str) -> list[RuleVersion]:
    query = select(trigger_rule).where(_C.tenant_id == tenant_id).order_by(_C.rule_id, _C.version)
    return [
        RuleVersion(
            rule_id=row["rule_id"],
            version=row["version"],
            plain={
                "rule_id": row["rule_id"],
                "name": row["name"],
                "severity": row["severity"],
                "is_notify": row["is_notify"],
                "when": row["tree"],
            },
            is_active=row["is_active"],
            is_deleted=row["is_deleted"],
            dry_run=row["dry_run"],
            valid_from_at=row["valid_from_at"],
            author=row["author"],
        )
        for row in connection.execute(query).mappings()
    ]
