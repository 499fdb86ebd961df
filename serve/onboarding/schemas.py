"""Bodies of onboarding."""

from pydantic import Field

from core.vocabulary import OnboardingStep, StepStatus
from serve.schemas import Schema
from serve.tasks.schemas import TaskView


class StepView(Schema):
    """One step."""

    step: OnboardingStep
    status: StepStatus
    is_available: bool
    """Whether there is something to be done in it yet."""

    message: str | None
    """Why it failed, or what is left to do, as a sentence."""


class ImportStream(Schema):
    """One kind of record in HubSpot."""

    stream: str = Field(examples=["tickets"])
    read_count: int
    """Rows read so far, those held from before included."""

    portal_total: int | None
    """How many HubSpot says there are; null where it does not say."""


class Onboarding(Schema):
    """How far the tenant is."""

    steps: list[StepView]
    """All of them, in order."""

    current: OnboardingStep
    """The first that is not done; the last where all are."""

    is_complete: bool
    streams: list[ImportStream]
    """Of the import under way, or the last one; empty before the first."""

    import_task: TaskView | None
    """The newest import; null where none was asked for within 30 days."""

    discovery_task: TaskView | None
    """The newest search for topics; likewise."""

    candidate_count: int
    """What of HubSpot a field could be mapped to."""

    mapped_count: int
    """Fields that are mapped."""

    open_proposal_count: int
    """Proposed topics that nobody has decided on."""

    card_count: int | None
    """Active cards of the published build; null before the first."""


class StepConfirmed(Schema):
    """Which step is finished."""

    step: OnboardingStep
