"""One HubSpot account in memory, and the ways a test changes it while it is served.

All methods are thread-safe: a request sees a portal either before or after a change. Nothing here validates what HubSpot
would not: a stage that no pipeline has, or a company without a name, can be set, because real portals contain them.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from ingestion.sandbox.catalogue import (
    COMPANIES,
    CONTACTS,
    DEFAULT_PIPELINE,
    KINDS,
    LINK_TYPES,
    MERGED_TYPES,
    OBJECT_TYPES,
    TICKETS,
    LinkType,
    Pipeline,
    PropertyDefinition,
    default_properties,
)
from ingestion.sandbox.clock import Clock, system_clock, to_iso
from ingestion.sandbox.links import LinkTable
from ingestion.sandbox.merging import merged
from ingestion.sandbox.oauth import TokenBook
from ingestion.sandbox.records import Record, RecordStore
from ingestion.sandbox.tenancy import History, Owner, Quirks, TenantProfile, Value, stored


class Portal:
    """One HubSpot account.

    Attributes:
        portal_id: HubSpot's ``hub_id``.
        static_token: An access token that never expires and has every scope.
        born_at: Create date of its pipelines, properties and owners.
        tokens: OAuth codes and tokens issued for this portal.
    """

    def __init__(
        self,
        tenant: TenantProfile,
        *,
        portal_id: int,
        clock: Clock = system_clock,
        quirks: Quirks | None = None,
        time_zone: str = "Etc/UTC",
        ui_domain: str = "app.hubspot.com",
        born_at: datetime | None = None,
        scripted_lag: Callable[[], float] = float,
    ) -> None:
        self.tenant = tenant
        self.portal_id = portal_id
        self.quirks = quirks or Quirks()
        self.time_zone = time_zone
        self.ui_domain = ui_domain
        self.static_token = f"sandbox-{tenant.tenant_id}"
        self.tokens = TokenBook(clock)
        self._clock = clock
        self._scripted_lag = scripted_lag
        self._lock = threading.RLock()
        self._stores = {name: RecordStore(KINDS[name].modified_property) for name in OBJECT_TYPES}
        self._links = LinkTable()
        self._definitions = {name: {one.name: one for one in default_properties(name)} for name in OBJECT_TYPES}
        self._pipelines: dict[str, Pipeline] = {DEFAULT_PIPELINE.id: DEFAULT_PIPELINE}
        self._owners: dict[str, Owner] = {}
        self._merged: dict[tuple[str, int], int] = {}
        self.born_at = born_at or clock()

    # Reading, for whoever answers requests.

    @contextmanager
    def reading(self) -> Iterator[tuple[Mapping[str, RecordStore], LinkTable]]:
        """The records and links, held still for the length of the block."""
        with self._lock:
            yield self._stores, self._links

    def now(self) -> datetime:
        """The portal's present."""
        return self._clock()

    def definitions(self, object_type: str) -> list[PropertyDefinition]:
        """The property catalogue of an object type, archived definitions included."""
        with self._lock:
            return list(self._definitions[object_type].values())

    def live_definitions(self, object_type: str) -> dict[str, PropertyDefinition]:
        """The properties that can be asked for, by name."""
        with self._lock:
            return {name: one for name, one in self._definitions[object_type].items() if not one.archived}

    def pipelines(self) -> list[Pipeline]:
        """All ticket pipelines, archived ones included, in the order they were added."""
        with self._lock:
            return list(self._pipelines.values())

    def owners(self) -> list[Owner]:
        """All owners by ascending id, archived ones included."""
        with self._lock:
            return sorted(self._owners.values(), key=lambda owner: int(owner.id))

    def ids(self, object_type: str, *, archived: bool = False) -> list[str]:
        """Ids of all live (or all archived) records, ascending."""
        with self._lock:
            return [str(one) for one in self._stores[object_type].ids(archived=archived)]

    def count(self, object_type: str) -> int:
        """How many live records there are."""
        with self._lock:
            return len(self._stores[object_type])

    def properties_of(self, object_type: str, object_id: str) -> dict[str, str]:
        """A copy of a record's filled properties.

        Raises:
            KeyError: No such record.
        """
        with self._lock:
            return dict(self._record(object_type, object_id).properties)

    def linked_ids(self, from_type: str, from_id: str, to_type: str) -> dict[str, bool]:
        """Ids of the records linked to one, and whether each link is primary."""
        with self._lock:
            return {str(to_id): primary for to_id, primary in self._links.of(from_type, int(from_id), to_type).items()}

    # Changing.

    def upsert(
        self,
        object_type: str,
        properties: Mapping[str, Value],
        *,
        object_id: str | int | None = None,
        created_at: datetime | None = None,
        modified_at: datetime | None = None,
        history: History | None = None,
    ) -> str:
        """Create a record, or set properties of the one that has ``object_id``.

        Args:
            object_type: tickets, companies, contacts, emails or notes.
            properties: Values by property name; names need not be in the catalogue, and are not served until they are.
            object_id: Taken for the new record; the next free id when None.
            created_at: Create date of a new record; the present when None.
            modified_at: Modified date; the present when None (for a new record: its create date).
            history: What properties of a new record were before, each value with the moment it was set, oldest first; the
                last is what the property is now.

        Returns:
            The record's id.

        Raises:
            ValueError: There is such a record already, and its history is its own.
        """
        with self._lock:
            store = self._stores[object_type]
            values = {name: stored(value) for name, value in properties.items()}
            now = self._clock()
            found = None if object_id is None else store.find(self.resolved(object_type, int(object_id)))
            if found is not None:
                if history:
                    raise ValueError(
                        f"Record {object_id} exists already: set its properties one after the other instead."
                    )
                moment = modified_at or now
                store.change(found, values, now=moment, bump=True, hidden_until=self._hidden_until(now))
                return str(found.id)
            record_id = int(object_id) if object_id is not None else store.next_id()
            created = created_at or now
            filled = {name: value for name, value in values.items() if value is not None}
            filled["hs_object_id"] = str(record_id)
            filled.setdefault(KINDS[object_type].created_property, to_iso(created))
            filled[store.modified_property] = to_iso(modified_at or created)
            record = Record(record_id, filled, created)
            for name, values_set in (history or {}).items():
                record.history[name] = [(stored(value) or "", moment) for value, moment in values_set]
                filled[name] = record.history[name][-1][0]
            store.add(record, hidden_until=self._hidden_until(now))
            return str(record_id)

    def set_property(self, object_type: str, object_id: str, name: str, value: Value, *, bump: bool = True) -> None:
        """Set one property (None empties it); ``bump=False`` leaves the modified date where it is.

        Raises:
            KeyError: No such record.
        """
        with self._lock:
            now = self._clock()
            self._stores[object_type].change(
                self._record(object_type, object_id),
                {name: stored(value)},
                now=now,
                bump=bump,
                hidden_until=self._hidden_until(now),
            )

    def remove_content(self, ticket_id: str) -> None:
        """Empty a ticket's text."""
        self.set_property(TICKETS, ticket_id, "content", None)

    def touch(self, object_type: str, object_ids: Iterable[str] | None = None) -> None:
        """Move the modified date of records (of all live ones when None) to the present, as a schema edit does."""
        with self._lock:
            for object_id in self.ids(object_type) if object_ids is None else object_ids:
                now = self._clock()
                self._stores[object_type].change(
                    self._record(object_type, object_id), {}, now=now, bump=True, hidden_until=self._hidden_until(now)
                )

    def archive(self, object_type: str, object_id: str) -> None:
        """Move a record to the recycling bin, where only archived lists and archived batch reads find it.

        Raises:
            KeyError: No such record, or it is archived already.
        """
        with self._lock:
            record = self._record(object_type, object_id)
            if record.archived_at is not None:
                raise KeyError(object_id)
            now = self._clock()
            self._stores[object_type].archive(record, now=now, hidden_until=self._hidden_until(now))

    def restore(self, object_type: str, object_id: str) -> None:
        """Bring a record back from the recycling bin; its modified date moves.

        Raises:
            KeyError: No such record, or it is not archived.
        """
        with self._lock:
            record = self._record(object_type, object_id)
            if record.archived_at is None:
                raise KeyError(object_id)
            now = self._clock()
            store = self._stores[object_type]
            store.restore(record, hidden_until=self._hidden_until(now))
            store.change(record, {}, now=now, bump=True)

    def purge(self, object_type: str, object_id: str) -> None:
        """Make a record vanish without a trace, with its links, as 90 days in the recycling bin do.

        Raises:
            KeyError: No such record.
        """
        self._erase(object_type, object_id, hidden_until=None)

    def _erase(self, object_type: str, object_id: str, *, hidden_until: datetime | None) -> None:
        with self._lock:
            record = self._record(object_type, object_id)
            self._stores[object_type].purge(record, hidden_until=hidden_until)
            for other_type, other_id in self._links.remove_all(object_type, record.id):
                if (object_type, other_type) == (COMPANIES, TICKETS):
                    self._derive_primary_company(other_id)

    def merge(self, object_type: str, primary_id: str, other_id: str) -> str:
        """Merge two live records into a new one, see ``merging``.

        Both old ids lead to the new record from then on, wherever a record is asked for by id; lists and searches know only
        the new one. Links move to it without a word: no linked record's modified date moves.

        Returns:
            The new record's id.

        Raises:
            KeyError: No such live records, or they are one and the same, or their type cannot be merged.
        """
        if object_type not in MERGED_TYPES:
            raise KeyError(object_type)
        with self._lock:
            store, now = self._stores[object_type], self._clock()
            primary, other = losers = [self._record(object_type, one) for one in (primary_id, other_id)]
            if primary.id == other.id or any(one.archived_at is not None for one in losers):
                raise KeyError(other_id)
            new = merged(KINDS[object_type], primary, other, new_id=store.next_id(), now=now)
            hidden_until = self._hidden_until(now)
            store.add(new, hidden_until=hidden_until)
            tickets = {new.id} if object_type == TICKETS else set()
            for loser in losers:
                for other_type, linked_id in self._links.move(object_type, loser.id, new.id):
                    if (object_type, other_type) == (COMPANIES, TICKETS):
                        tickets.add(linked_id)
                store.purge(loser, hidden_until=hidden_until)
                self._merged[object_type, loser.id] = new.id
            for ticket_id in tickets:
                self._derive_primary_company(ticket_id)
            return str(new.id)

    def privacy_delete(self, contact_id: str) -> None:
        """Erase a contact for good, as a privacy request does: it is in no list, no bin and no answer, and nothing says why.

        Tickets keep what was written in them; that is for whoever holds copies to find.

        Raises:
            KeyError: No such contact.
        """
        self._erase(CONTACTS, contact_id, hidden_until=self._hidden_until(self._clock()))

    def resolved(self, object_type: str, record_id: int) -> int:
        """The id under which a record is found today: its own, or that of the record it was merged into."""
        with self._lock:
            while (leads_to := self._merged.get((object_type, record_id))) is not None:
                record_id = leads_to
            return record_id

    def aliases(self, object_type: str) -> dict[str, str]:
        """Ids that were merged away, each with the id under which the record is found today."""
        with self._lock:
            gone = [old for kind, old in self._merged if kind == object_type]
            return {str(old): str(self.resolved(object_type, old)) for old in gone}

    def define_label(self, from_type: str, to_type: str, label: str, *, inverse_label: str | None = None) -> LinkType:
        """A label of the tenant's own for links between two object types.

        Args:
            from_type: The side it is read from.
            to_type: The other side.
            label: What it says.
            inverse_label: What it says read from the other side; the same when None.

        Returns:
            The label as read from ``from_type``; ``labels`` of the other direction has its counterpart.

        Raises:
            KeyError: The two cannot be linked.
        """
        if (from_type, to_type) not in LINK_TYPES:
            raise KeyError(to_type)
        with self._lock:
            return self._links.define(from_type, to_type, label, inverse_label or label)

    def labels(self, from_type: str, to_type: str) -> list[LinkType]:
        """The tenant's own labels for links between two object types, as read from the first."""
        with self._lock:
            return list(self._links.defined(from_type, to_type))

    def associate(
        self,
        from_type: str,
        from_id: str,
        to_type: str,
        to_id: str,
        *,
        primary: bool = False,
        labels: Iterable[LinkType] = (),
    ) -> None:
        """Link two records, or add to the link they have, without moving either's modified date, as HubSpot does.

        Raises:
            KeyError: The two object types cannot be linked, have no primary link, or a label is not of this direction.
        """
        types = LINK_TYPES[from_type, to_type]
        if primary and types.primary is None:
            raise KeyError("primary")
        with self._lock:
            self._links.add(from_type, int(from_id), to_type, int(to_id), primary=primary, labels=labels)
            self._after_link(from_type, from_id, to_type, to_id)

    def dissociate(
        self, from_type: str, from_id: str, to_type: str, to_id: str, *, labels: Iterable[LinkType] | None = None
    ) -> None:
        """Unlink two records, or only take labels off their link, without moving either's modified date.

        Args:
            from_type: Object type of the first.
            from_id: The first record.
            to_type: Object type of the second.
            to_id: The second record.
            labels: Only these go, HubSpot's primary type perhaps among them, and the link stays.

        Raises:
            KeyError: They are not linked.
        """
        with self._lock:
            if int(to_id) not in self._links.of(from_type, int(from_id), to_type):
                raise KeyError(to_id)
            if labels is None:
                self._links.remove(from_type, int(from_id), to_type, int(to_id))
            else:
                self._links.unlabel(from_type, int(from_id), to_type, int(to_id), labels)
            self._after_link(from_type, from_id, to_type, to_id)

    def add_property(self, object_type: str, definition: PropertyDefinition) -> None:
        """Add or replace a property in the catalogue; one that was removed comes back with its values."""
        with self._lock:
            self._definitions[object_type][definition.name] = definition
            self._stores[object_type].version += 1

    def remove_property(self, object_type: str, name: str) -> None:
        """Archive a property: it is no longer served, and filters on it are refused.

        Raises:
            KeyError: No such property.
        """
        with self._lock:
            self._definitions[object_type][name] = replace(self._definitions[object_type][name], archived=True)
            self._stores[object_type].version += 1

    def set_pipeline(self, pipeline: Pipeline) -> None:
        """Add a ticket pipeline, or replace the one with the same id (rename, new stages, archived)."""
        with self._lock:
            self._pipelines[pipeline.id] = pipeline

    def remove_pipeline(self, pipeline_id: str) -> None:
        """Delete a pipeline; tickets keep the id of the stage they were in.

        Raises:
            KeyError: No such pipeline.
        """
        with self._lock:
            del self._pipelines[pipeline_id]

    def set_owner(self, owner: Owner) -> None:
        """Add an owner, or replace the one with the same id."""
        with self._lock:
            self._owners[owner.id] = owner

    def set_quirks(self, quirks: Quirks) -> None:
        """Change how the portal behaves from now on."""
        with self._lock:
            self.quirks = quirks

    def fill(self, stores: Mapping[str, RecordStore], links: LinkTable) -> None:
        """Put filled stores and their links in the place of empty ones."""
        with self._lock:
            self._stores |= stores
            self._links = links

    def _record(self, object_type: str, object_id: str) -> Record:
        record = self._stores[object_type].find(self.resolved(object_type, int(object_id)))
        if record is None:
            raise KeyError(object_id)
        return record

    def _hidden_until(self, now: datetime) -> datetime | None:
        lag = max(self.quirks.index_lag_seconds, self._scripted_lag())
        return now + timedelta(seconds=lag) if lag > 0 else None

    def _after_link(self, from_type: str, from_id: str, to_type: str, to_id: str) -> None:
        if (from_type, to_type) == (TICKETS, COMPANIES):
            self._derive_primary_company(int(from_id))
        elif (from_type, to_type) == (COMPANIES, TICKETS):
            self._derive_primary_company(int(to_id))

    def _derive_primary_company(self, ticket_id: int) -> None:
        store = self._stores[TICKETS]
        ticket = store.find(ticket_id)
        if ticket is None:
            return
        company_id = self._links.primary_of(TICKETS, ticket_id, COMPANIES)
        company = None if company_id is None else self._stores[COMPANIES].find(company_id)
        values = {
            "hs_primary_company_id": None if company_id is None else str(company_id),
            "hs_primary_company_name": None if company is None else company.properties.get("name"),
        }
        store.derive(ticket, values)
