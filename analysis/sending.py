"""What of a message is sent to whom: masked, where its tenant has not switched that off and it leaves this machine."""

from collections.abc import Hashable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TypeVar

from analysis.masking import MaskedText, mask
from analysis.messages import Message
from analysis.people import Ticket, people
from analysis.policy import ReadingPolicy
from core.tenants import TenantId
from core.warehouse import Warehouse
from core.warehouse.base import Snapshot

Key = TypeVar("Key", bound=Hashable)


class Masking:
    """Masks the messages of one run. Whoever reads on this machine gets every text as it is: nothing is gained by less."""

    def __init__(self, policies: Mapping[TenantId, ReadingPolicy], *, is_sent: bool) -> None:
        self._policies = policies
        self._is_sent = is_sent

    def of(self, warehouse: Warehouse, page: Sequence[Message]) -> "MaskedPage":
        """Learn whom the messages of a page are by and about; several pages may be under way at once.

        Raises:
            NothingStaged: The staging views are not built yet.
        """
        masked = {one.place[:2] for one in page if self._is_masked(one)}
        if not masked:
            return MaskedPage(masked, {})
        with warehouse.snapshot() as snapshot:
            return MaskedPage(masked, people(snapshot, masked))

    def _is_masked(self, message: Message) -> bool:
        return self._is_sent and self._policies.get(TenantId(message.tenant_id), ReadingPolicy()).is_masked


@dataclass(frozen=True)
class MaskedPage:
    """The tickets of a page whose messages are masked, and the names of their people."""

    masked: Set[Ticket]
    people: Mapping[Ticket, tuple[str, ...]]

    def sent(self, message: Message, text: str) -> MaskedText:
        """The text of a message of this page as it is sent."""
        ticket = message.place[:2]
        return mask(text, self.people.get(ticket, ())) if ticket in self.masked else MaskedText(text, text)


def masked_texts(
    snapshot: Snapshot, tenant_id: str, said: Mapping[Key, tuple[str, str]], *, is_masked: bool
) -> dict[Key, MaskedText]:
    """Texts of a tenant's tickets, each given with its ticket, as they are sent where `is_masked`; as they are otherwise.

    Raises:
        NothingStaged: They are to be masked, and the staging views that tell names are not built yet.
    """
    if not is_masked:
        return {key: MaskedText(text, text) for key, (_, text) in said.items()}
    known = people(snapshot, {(tenant_id, ticket_id) for ticket_id, _ in said.values()})
    return {key: mask(text, known.get((tenant_id, ticket_id), ())) for key, (ticket_id, text) in said.items()}
