"""What a person wants to be told where."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Preference:
    """Of one person and one kind of notification.

    Attributes:
        is_in_app: Whether the bell on the board tells of it.
        is_email: Whether a mail is sent.
    """

    is_in_app: bool = True
    is_email: bool = True

    @property
    def is_off(self) -> bool:
        """Whether the person wants none of that kind."""
        return not self.is_in_app and not self.is_email


DEFAULT = Preference()
"""Of whoever never chose."""
