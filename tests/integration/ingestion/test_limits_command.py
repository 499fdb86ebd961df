"""`churnboard limits`: what a person sees of a portal's budgets, and how a stop is lifted."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

import churnboard
from churnboard import app
from core.warehouse import connect
from ingestion.hubspot.errors import DailyLimitReached
from ingestion.hubspot.limits.shared import SharedLimits, open_limits
from ingestion.hubspot.limits.state import Budget


@pytest.fixture
def limits(warehouse_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SharedLimits:
    monkeypatch.setenv("WAREHOUSE_URL", warehouse_url)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setattr(churnboard.shared.console, "width", 160)
    return open_limits(connect(warehouse_url), tmp_path)


def command(*words: str) -> str:
    result = CliRunner().invoke(app, ["limits", *words])
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def test_a_daily_stop_is_seen_and_lifted(limits: SharedLimits) -> None:
    resume_at = datetime.now(UTC) + timedelta(hours=5)
    with limits:
        limiter = limits.portal("https://api.example", "acme")
        with limiter.take(Budget.BURST) as slot:
            slot.answered({}, DailyLimitReached.told("HubSpot of tenant acme: no", "acme", resume_at))
        listed = command("list")
        assert "1 of 110 in 10 s" in listed
        assert f"run the sync again after {resume_at:%Y-%m-%d %H:%M} UTC" in listed

        assert command("clear", "globex") == "globex was not stopped."
        with pytest.raises(DailyLimitReached):
            limiter.take(Budget.BURST)
        assert command("clear", "acme") == "acme: 1 lifted; its next sync asks HubSpot."
        assert "run the sync again" not in command("list")
        limiter.take(Budget.BURST).unsent()
