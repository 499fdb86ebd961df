"""What of a message is sent to whom: masked, where its tenant has not switched that off and it leaves this machine."""

from collections.abc import Mapping, Sequence

from analysis.masking import MaskedText, mask
from analysis.messages import Message
from analysis.people import Ticket, people
from analysis.policy import ReadingPolicy
from core.tenants import TenantId
from core.warehouse import Warehouse


class Masking:
    """Masks the messages of one run. Whoever reads on this machine gets every text as it is: nothing is gained by less."""

    def __init__(self, policies: Mapping[TenantId, ReadingPolicy], *, is_sent: bool) -> None:
        self._policies = policies
        self._is_sent = is_sent
        self._people: Mapping[Ticket, tuple[str, ...]] = {}

    def meet(self, warehouse: Warehouse, page: Sequence[Message]) -> None:
        """Learn whom the messages of a page, which are masked next, are by and about.

        Raises:
            NothingStaged: The staging views are not built yet.
        """
        with warehouse.snapshot() as snapshot:
            self._people = people(snapshot, {one.place[:2] for one in page if self._is_masked(one)})

    def sent(self, message: Message, text: str) -> MaskedText:
        """The text of a message of this page as it is sent."""
        if not self._is_masked(message):
            return MaskedText(text, text)
        return mask(text, self._people.get((message.tenant_id, message.ticket_id), ()))

    def _is_masked(self, message: Message) -> bool:
        return self._is_sent and self._policies.get(TenantId(message.tenant_id), ReadingPolicy()).is_masked
