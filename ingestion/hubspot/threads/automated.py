"""Whether a machine wrote an email: automatic replies, bounces and notices say so in headers, in the sender, or in the subject.

RFC 3834 gives `Auto-Submitted`; mail systems add their own. Left out on purpose: `Precedence: list` and the `List-…` headers,
since a shared support address is often a mailing list and people write to it; and `X-Auto-Response-Suppress`, which only asks
others not to answer by machine. An answer to an automatic reply (`Re: Automatic reply`) is a person's.
"""

import re
from collections.abc import Mapping
from typing import Final

from ingestion.hubspot.threads.phrases import AUTOMATIC_SUBJECT

_SENDER: Final = re.compile(
    r"(?:mailer-daemon|postmaster|no[-_.]?reply|do[-_.]?not[-_.]?reply|bounces?|auto[-_.]?(?:reply|responder|mailer))(?:[-+_.=][^@]*)?@",
    re.IGNORECASE,
)
_FLAGS: Final = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-auto-reply",
    "x-mail-autoreply",
    "x-failed-recipients",
)
_PRECEDENCE: Final = frozenset({"bulk", "junk", "auto_reply", "auto-reply"})


def is_automated(headers: Mapping[str, str], *, sender: str | None, subject: str | None) -> bool:
    """Whether a mail system, not a person, wrote this.

    Args:
        headers: By lower case name.
        sender: Address of the author.
        subject: As sent.
    """
    submitted = headers.get("auto-submitted", "no").strip().lower()
    return (
        not submitted.startswith("no")
        or any(headers.get(name, "no").strip().lower() not in {"", "no", "false"} for name in _FLAGS)
        or headers.get("precedence", "").strip().lower() in _PRECEDENCE
        or headers.get("return-path", "").strip() == "<>"
        or "report-type=delivery-status" in headers.get("content-type", "").replace(" ", "").lower()
        or (sender is not None and _SENDER.match(sender) is not None)
        or (subject is not None and AUTOMATIC_SUBJECT.match(subject) is not None)
    )
