"""Law: whatever runs, kills, expiries and refusals follow each other, every call is answered in the end, and paid once.

Where the provider lists no batches, each submission nobody saw through may cost one batch more.
"""

import asyncio
import os
import time
import uuid
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from analysis.batches import BacklogCall, BatchRefused
from analysis.driver import Call, Driver
from analysis.journal import CallState, open_journal
from core import chaos
from core.chaos import ChaosError
from tests.integration.analysis.batches.conftest import analyzer_of, backlog, calls
from tests.support.fake_batches import FakeBatches, Plan

SIZE = 3
INTENT_SECONDS = 0.05
POINTS = (
    "enrich.after_batch_intent",
    "enrich.before_batch_post",
    "enrich.after_batch_post",
    "enrich.after_batch_submitted",
    "enrich.after_batch_results",
    "enrich.after_batch_collected",
)
PLANS = (
    Plan(expires_after=1),
    Plan(expires_after=0),
    Plan(is_lost=True),
    Plan(refusal="one of them is malformed"),
    Plan(status=502, refusal="bad gateway"),
    Plan(failing={"Ticket 0001": {"status": 500, "message": "broken"}}),
    Plan(dropped=("Ticket 0002",)),
)


class Batches(RuleBasedStateMachine):
    """One installation and one provider."""

    provider = "openrouter"
    server: FakeBatches

    @initialize(has_listing=st.sampled_from([True, True, False]))
    def start(self, has_listing: bool) -> None:
        self.folder = TemporaryDirectory()
        self.journal = open_journal(f"sqlite:///{Path(self.folder.name) / 'journal.db'}")
        self.server.reset()
        self.server.seconds = 3600
        self.server.has_listing = has_listing or self.provider == "openai"
        self.asked: list[BacklogCall] = []
        self.unseen_count = 0

    # One rule and not four: hypothesis leaves rules out of whole examples, and an example without kills shows little.
    @rule(
        step=st.sampled_from(["killed", "killed", "killed", "run", "run", "finish", "finish", "plan"]),
        count=st.integers(0, 5),
        point=st.sampled_from(POINTS),
        hit=st.sampled_from([1, 1, 2]),
        plan=st.sampled_from(PLANS),
    )
    def step(self, step: str, count: int, point: str, hit: int, plan: Plan) -> None:
        self.asked += calls(self.server, count, start=len(self.asked))
        if step == "killed":
            self.run_killed(f"{point}:raise@{hit}")
        elif step == "run":
            self.run()
        elif step == "finish":
            self.server.finish()
        else:
            self.server.plan(plan)

    def run_killed(self, plan: str) -> None:
        # A raise that nobody catches leaves what a kill leaves; real kills are in test_killed.
        chaos._hits.clear()
        os.environ.update(CHAOS_SEED="1", CHAOS_POINTS=plan)
        try:
            self.run()
        except ChaosError:
            self.unseen_count += 1
        finally:
            del os.environ["CHAOS_SEED"], os.environ["CHAOS_POINTS"]

    def run(self) -> None:
        time.sleep(INTENT_SECONDS)
        one = backlog(
            self.server,
            self.journal,
            self.provider,
            run_id=uuid.uuid4().hex,
            size=SIZE,
            wait_seconds=0.0,
            intent_seconds=INTENT_SECONDS,
        )
        lost_before = self._lost()
        try:
            one.prepare([self.asked])
        except BatchRefused:
            return
        finally:
            self.unseen_count += self._lost() - lost_before
        held_back = one.held_back([call.key for call in self.asked])
        asyncio.run(self._ask([call for call in self.asked if call.key not in held_back]))

    @invariant()
    def nothing_is_paid_beyond_the_bound(self) -> None:
        if not hasattr(self, "asked"):
            return
        allowed = 0 if self.server.has_listing else SIZE * self.unseen_count
        assert self.server.charged <= len(self.asked) + allowed

    def teardown(self) -> None:
        if not hasattr(self, "asked"):
            return
        self.server._plans.clear()
        self.server.seconds = 0
        for _ in range(12):
            self.server.finish()
            self.run()
            known = self.journal.lookup([call.key for call in self.asked])
            if self.journal.batches.open() == [] and {one.state for one in known.values()} <= {CallState.ANSWERED}:
                break
        self.server.finish()
        assert [call.key for call in self.asked if known[call.key].state is not CallState.ANSWERED] == []
        assert self.journal.batches.open() == []
        self.nothing_is_paid_beyond_the_bound()
        self.journal.close()
        self.folder.cleanup()

    async def _ask(self, asked: list[BacklogCall]) -> None:
        analyzer = analyzer_of(self.server)
        driver = Driver(
            journal=self.journal,
            analyzer=analyzer,
            run_id="live",
            max_concurrency=4,
            lease_seconds=30,
            patience_seconds=30,
        )
        await driver.answer([Call(call.key, call.tenant_id, call.question, call.ticket_id) for call in asked])
        await analyzer.close()

    def _lost(self) -> int:
        return sum(batch.plan.is_lost for batch in self.server.batches.values())


def test_it_holds(server: FakeBatches, provider: str) -> None:
    hold(provider, server, max_examples=6)


@pytest.mark.long
def test_it_holds_at_length(server: FakeBatches, provider: str) -> None:
    hold(provider, server, max_examples=60)


def hold(name: str, running: FakeBatches, *, max_examples: int) -> None:
    class Machine(Batches):
        provider = name
        server = running

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=max_examples, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
