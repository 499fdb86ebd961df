"""Bodies of what people do to topics."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from pydantic.functional_validators import AfterValidator

from core.topics import LONGEST_NAME
from core.vocabulary import TopicEditKind
from serve.schemas import Schema


def _refuse_nul(value: str) -> str:
    if "\0" in value:
        raise ValueError("a NUL character is not text")
    return value


Name = Annotated[str, Field(max_length=LONGEST_NAME * 4, examples=["Label printing"]), AfterValidator(_refuse_nul)]
"""A topic's name; what is too long for one is told by the taxonomy, in a sentence."""

Saying = Annotated[str, Field(max_length=2_000), AfterValidator(_refuse_nul)]
"""What a person writes about a topic."""

Seq = Annotated[int, Field(ge=0, le=2**31 - 1)]


class _Body(Schema):
    model_config = ConfigDict(extra="forbid")


class _Edit(_Body):
    def told(self) -> tuple[TopicEditKind, dict[str, Any]]:
        """The same for `core.topics`."""
        return TopicEditKind(self.kind), self.model_dump(exclude={"kind"})  # type: ignore[attr-defined]


class AddTopic(_Edit):
    """A new topic."""

    kind: Literal["add"]
    name: Name
    description: Saying = ""
    """What belongs in it, in the words customers use."""

    parent: Name | None = None
    """The topic it is part of; there are two levels."""


class DescribeTopic(_Edit):
    """Another description."""

    kind: Literal["describe"]
    name: Name
    description: Saying


class RenameTopic(_Edit):
    """Another name. Its tickets follow without being read again."""

    kind: Literal["rename"]
    name: Name
    to: Name


class MergeTopic(_Edit):
    """Two topics become one. Their tickets follow without being read again."""

    kind: Literal["merge"]
    name: Name
    """The one that goes."""

    into: Name
    description: Saying = ""
    """Of the one that remains; empty: both."""


class Part(_Body):
    """One of the topics another is divided into."""

    name: Name
    description: Saying = ""


class SplitTopic(_Edit):
    """One topic becomes several. Its tickets are to be read again."""

    kind: Literal["split"]
    name: Name
    into: list[Part] = Field(max_length=20)
    is_kept: bool = False
    """Whether the topic stays, as the parent of the new ones; otherwise it is archived."""


class ArchiveTopic(_Edit):
    """Nothing is sorted into it any more."""

    kind: Literal["archive"]
    name: Name


class RestoreTopic(_Edit):
    """An archived topic comes back."""

    kind: Literal["restore"]
    name: Name


class MoveTopic(_Edit):
    """Another place."""

    kind: Literal["move"]
    name: Name
    parent: Name | None
    """The topic it becomes part of; null: to the top."""


class AddRule(_Edit):
    """Whoever sorts tickets is told this."""

    kind: Literal["add_rule"]
    text: Saying
    topic: Name | None = None
    """The topic it is about; null: all."""

    example: Saying = ""
    """A passage it was written for."""


class ChangeRule(_Edit):
    """A rule in other words, or about another topic."""

    kind: Literal["change_rule"]
    rule_id: int = Field(ge=1, le=2**31 - 1)
    text: Saying
    topic: Name | None = None
    example: Saying = ""


class RemoveRule(_Edit):
    """A rule is not told any more."""

    kind: Literal["remove_rule"]
    rule_id: int = Field(ge=1, le=2**31 - 1)


TopicEdit = Annotated[
    AddTopic
    | DescribeTopic
    | RenameTopic
    | MergeTopic
    | SplitTopic
    | ArchiveTopic
    | RestoreTopic
    | MoveTopic
    | AddRule
    | ChangeRule
    | RemoveRule,
    Field(discriminator="kind"),
]
"""What can be done to the draft."""


class _OnDraft(_Body):
    seq: Seq
    """The draft's `seq` as you saw it. Where it has a later one by now, nothing is done: 409, with the draft as it is."""


class EditRequest(_OnDraft):
    """One edit of the draft."""

    edit: TopicEdit


class UndoRequest(_OnDraft):
    """Take back what is not shipped."""

    is_all: bool = False
    """All of it; otherwise the last edit."""


class RestoreRequest(_OnDraft):
    """Go back to an older version."""


class AcceptRequest(_OnDraft):
    """Take a proposal into the draft: as it is, under another name, or as part of what there is."""

    name: Name | None = None
    """Null: as proposed."""

    description: Saying | None = None
    """Null: as proposed; with `merge_into`, added to what that topic says."""

    parent: Name | None = None
    merge_into: Name | None = None
    """A topic of the draft that the proposal belongs to: its description grows, and no topic is added."""


class ShipRequest(_OnDraft):
    """Put the draft in force."""

    note: Saying = ""
    """What is new, for the list of versions."""


class _MayCost(_Body):
    is_confirmed: bool = False
    """Whether it may be paid for. Without it a model that costs money is not asked: the task says what it would cost."""


class PreviewRequest(_OnDraft, _MayCost):
    """Try the draft out."""

    edit: TopicEdit | None = None
    """One more edit, tried and not made; null: the draft as it is."""

    sample: int = Field(default=200, ge=1, le=2_000)
    """How many of the newest tickets are sorted by it."""


class DiscoveryRequest(_MayCost):
    """Look for topics."""

    latest: int = Field(default=1_000, ge=10, le=5_000)
    """How many of the newest tickets are looked at."""

    is_all: bool = False
    """At all of them; otherwise only at those no topic fits."""


Month = Annotated[str, Field(pattern=r"^(19|20|21)\d{2}-(0[1-9]|1[0-2])$", examples=["2026-01"])]


class RetagRequest(_MayCost):
    """Sort old tickets by the version in force."""

    from_month: Month | None = None
    """The first; null: that of the oldest ticket."""

    to_month: Month | None = None
    """The last; null: this one."""
