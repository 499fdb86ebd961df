"""What a call is taken to cost before it is made: its tokens by the length of what is sent, at the price its model was measured at.

How many tokens a model makes of a length is learnt from its replies too, so models and languages that need more are seen. One price
for a token, sent or received, since a charge does not say how it is made up. Until enough replies of the model were seen the price
is a setting, on the high side.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from analysis.analyzer import PaidAnalyzer, Question, Task
from analysis.journal import Allowance, Journal, Measured
from core.vocabulary import AnalysisTask

_BYTES_PER_TOKEN: Final = 4
"""Of English in the tokenizers in use; a letter that needs several bytes needs more tokens too."""

_USUAL_OUTPUT_TOKENS: Final = 200
_ENOUGH_REPLIES: Final = 20


@dataclass(frozen=True, slots=True)
class Tokens:
    """What one call carries, there and back."""

    input: int
    output: int

    @property
    def total(self) -> int:
        """Both."""
        return self.input + self.output


class Costs:
    """Estimates for one analyzer; `renew` looks at the newest replies again."""

    def __init__(self, journal: Journal, analyzer: PaidAnalyzer, assumed_usd_per_million: float) -> None:
        self._journal = journal
        self._analyzer = analyzer
        self._assumed_usd_per_token = assumed_usd_per_million / 1_000_000
        self._measured: Mapping[Task, Measured] = {}

    def renew(self) -> None:
        """Measure anew.

        Raises:
            JournalUnavailable: The journal cannot be used.
        """
        self._measured = {task: self._journal.measured(self._analyzer.identity(task), task) for task in AnalysisTask}

    def tokens(self, question: Question) -> Tokens:
        """What asking this will carry."""
        return self._tokens(question.task, self._sent(question))

    def usd_per_token(self, task: Task) -> float:
        """The price of a token, measured or assumed."""
        return self._measured[task].usd_per_token if self.is_measured(task) else self._assumed_usd_per_token

    def is_measured(self, task: Task) -> bool:
        """Whether the price is one that was paid, and not the setting."""
        measured = self._measured.get(task)
        return measured is not None and measured.reply_count >= _ENOUGH_REPLIES

    def allowance(self, question: Question, limit_usd: float | None) -> Allowance:
        """What asking this is taken to cost, for the claim."""
        sent = self._sent(question)
        usd = self._tokens(question.task, sent).total * self.usd_per_token(question.task)
        return Allowance(usd, limit_usd, sent)

    @property
    def error_share(self) -> float:
        """How far the newest replies were from what they had been taken to cost, as a share of that; 1 where nothing is known."""
        paid = sum(one.cost_usd for one in self._measured.values())
        estimated = sum(one.reserved_usd for one in self._measured.values())
        return abs(paid / estimated - 1) if estimated else 1.0

    def _sent(self, question: Question) -> int:
        body = json.dumps(self._analyzer.request(question), ensure_ascii=False)
        return -(-len(body.encode("utf-8", "replace")) // _BYTES_PER_TOKEN)

    def _tokens(self, task: Task, sent: int) -> Tokens:
        measured = self._measured.get(task)
        if measured is None or not measured.reply_count:
            return Tokens(sent, _USUAL_OUTPUT_TOKENS)
        ratio = measured.token_ratio if self.is_measured(task) else 1.0
        return Tokens(round(sent * ratio), round(measured.mean_output_tokens))
