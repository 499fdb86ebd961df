"""What a demo is played on: which tickets, up to which day, in which folder; remembered so that a second run finds the same."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.errors import Terminal
from core.tenants import slug_from

_FRESH_FOR = timedelta(days=2)
"""Generated tickets end `until`; older than this, the cards would speak of a past nobody recognises."""


class NoSuchTickets(Terminal):
    """The file given with TICKETS is not there or holds nothing dated."""


@dataclass(frozen=True)
class Scene:
    """One demo."""

    data_dir: Path
    until: datetime
    tickets: Path | None

    @property
    def folder(self) -> Path:
        """Where the demo keeps what is its own: what it remembers, its servers' logs, the two files below."""
        return self.data_dir / "demo"

    @property
    def truth_file(self) -> Path:
        """Where the sandbox writes what it planted."""
        return self.folder / "truth.json"

    @property
    def ready_file(self) -> Path:
        """Where the sandbox says that it listens, and for whom."""
        return self.folder / "sandbox.json"


def set_scene(data_dir: Path, tickets: Path | None, now: datetime) -> Scene:
    """The scene of an earlier demo in this folder if it still fits, or a new one.

    Raises:
        NoSuchTickets: `tickets` cannot be read.
    """
    if tickets is not None:
        folder = data_dir / "tickets" / slug_from(tickets.stem)
        return Scene(data_dir=folder, until=_newest(tickets) + timedelta(hours=1), tickets=tickets.resolve())
    memory = data_dir / "demo" / "scene.json"
    until = datetime.fromisoformat(json.loads(memory.read_text())["until"]) if memory.exists() else None
    if until is None or now - until > _FRESH_FOR:
        until = now.replace(minute=0, second=0, microsecond=0)
        memory.parent.mkdir(parents=True, exist_ok=True)
        memory.write_text(json.dumps({"until": until.isoformat()}))
    return Scene(data_dir=data_dir, until=until, tickets=None)


def _newest(tickets: Path) -> datetime:
    try:
        lines = tickets.read_text(encoding="utf-8").splitlines()
        moments = [datetime.fromisoformat(json.loads(line)["created_at"]) for line in lines if line.strip()]
        return max(moment if moment.tzinfo else moment.replace(tzinfo=UTC) for moment in moments)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoSuchTickets(
            f"{tickets} is not a file of tickets, one JSON object a line with `created_at`, `company` and `content`: {error}"
        ) from error
