"""Bodies about prompts."""

from datetime import datetime

from pydantic import Field

from core.vocabulary import AnalysisTask
from serve.schemas import Schema


class PromptWording(Schema):
    """What one prompt version says; `{{ text }}` and the like are filled in for each ticket."""

    task: AnalysisTask
    prompt_version: str = Field(examples=["2026-11-b"])
    fingerprint: str
    """Hash of the words; part of the key each call is known by."""

    schema_hash: str
    """Hash of the shape of the answers it asks for, as readings carry it."""

    notes: str
    """What changed in it, and why."""

    system_text: str
    """What the model is told first."""

    user_text: str
    """What a ticket is put into."""

    again_text: str
    """In its place after an answer that could not be used."""

    first_used_at: datetime
    """When your tickets were first read with these words, as far as it is known."""


class PromptWordings(Schema):
    """What a prompt version says."""

    items: list[PromptWording]
    """Oldest first; more than one only where its file was edited after it was used."""
