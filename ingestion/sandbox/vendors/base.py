"""The shape of a vendor: a product, its customers' vocabulary, and per topic the things people write about.

Sentences may hold places in braces (``{n}``, ``{day}``, ``{code}`` …) that the writer of tickets fills in.
"""

from dataclasses import dataclass

from ingestion.sandbox.catalogue import Pipeline


@dataclass(frozen=True, slots=True)
class Topic:
    """One subject of support tickets.

    Attributes:
        category: HubSpot's ticket category that goes with it.
        subjects: Subject lines, without tone.
        asks: Questions somebody calm would put.
        faults: Plain descriptions of what goes wrong, one or two sentences.
        praises: What somebody content says about it.
    """

    name: str
    description: str
    category: str
    subjects: tuple[str, ...]
    asks: tuple[str, ...]
    faults: tuple[str, ...]
    praises: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vendor:
    """One software company and the way its HubSpot is set up.

    Attributes:
        teams: Who in a customer's house works with the product ("our controllers").
        mrr_property: Company property with the monthly revenue; likewise the four that follow.
        usage_label: What the usage property counts.
        staff: (first name, last name, has left) of the vendor's own people.
        pipelines: All ticket pipelines; the first takes most tickets.
        customer_words: Word pairs customers' names are made of.
    """

    slug: str
    name: str
    product: str
    plan_tier: str
    currency: str
    time_zone: str
    ui_domain: str
    mrr_property: str
    renewal_property: str
    last_login_property: str
    onboarding_step_property: str
    usage_property: str
    usage_label: str
    industry: tuple[str, ...]
    teams: tuple[str, ...]
    staff: tuple[tuple[str, str, bool], ...]
    pipelines: tuple[Pipeline, ...]
    customer_words: tuple[tuple[str, ...], tuple[str, ...]]
    topics: tuple[Topic, ...]
