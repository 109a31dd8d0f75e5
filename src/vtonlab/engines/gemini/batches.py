"""Batches: up to a hundred pictures at half the price, within a day.

    prompts → handed in, which costs → asked about, for days → answers, in the order of the prompts

The service calls a batch what it likes, but shows the name that we give it. So a mark is kept before it is handed in;
who finds the mark again looks for a batch of that name before handing it in.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Final, TypeVar

from vtonlab.engines.contract import Report
from vtonlab.engines.gemini import batch_calls
from vtonlab.engines.gemini.batch_answers import read_error, read_one, sort_answers
from vtonlab.engines.gemini.batch_calls import MOST_INLINE, Told, weigh
from vtonlab.engines.gemini.buying import FAULTS, MOST_RESENDS, is_worth_waiting
from vtonlab.engines.gemini.calls import Refused
from vtonlab.engines.gemini.drawing import find_model, write_prompts
from vtonlab.engines.gemini.faults import understand, understand_question
from vtonlab.engines.gemini.prompt import Prompt
from vtonlab.engines.gemini.setup import Setup
from vtonlab.engines.gemini.spool import Spool
from vtonlab.engines.generating import OVER, BatchAnswer, BatchRequest, BatchState, BatchStatus
from vtonlab.engines.line import MARK, Line, Progress, Quota, keep, kept
from vtonlab.errors import (
    BatchExpired,
    BatchFailed,
    BatchGone,
    EngineError,
    EngineUnavailable,
    PromptFailed,
    QuotaExceeded,
    VtonError,
)

T = TypeVar("T")

STATES: Final = {
    "JOB_STATE_UNSPECIFIED": BatchStatus.WAITING,
    "JOB_STATE_QUEUED": BatchStatus.WAITING,
    "JOB_STATE_PENDING": BatchStatus.WAITING,
    "JOB_STATE_SUCCEEDED": BatchStatus.ENDED,
    "JOB_STATE_PARTIALLY_SUCCEEDED": BatchStatus.ENDED,
    "JOB_STATE_FAILED": BatchStatus.FAILED,
    "JOB_STATE_CANCELLED": BatchStatus.CANCELLED,
    "JOB_STATE_EXPIRED": BatchStatus.EXPIRED,
}
"""Any other means that it is being worked on."""

_REMOTE: Final = re.compile(r"batches/[\w.-]{1,190}")


class Batches:
    """The batches of one setup. May be used from several threads."""

    def __init__(self, engine: str, setup: Setup, quota: Quota) -> None:
        self._engine = engine
        self._setup = setup
        self._quota = quota

    def submit(self, batch: BatchRequest, report: Report) -> str:
        """See :meth:`vtonlab.engines.generating.BatchingEngine.submit_batch`."""
        before = kept(batch.errand)
        if before and before != MARK:
            return before
        report(0.0, "preparing")
        with Line(report, self._setup.auth) as line, Spool(keeps=False) as spool:
            spool.listen(line.client)
            if before:
                found = self._question(line, batch_calls.find(line.client, self._setup, batch.name))
                if found:
                    keep(batch.errand, found)
                    return found
            return self._hand_in(line, batch)

    def poll(self, remote_id: str, report: Report) -> BatchState:
        """See ``poll_batch``."""
        with Line(report, self._setup.auth) as line, Spool(keeps=False) as spool:
            told = self._ask(line, remote_id, spool)
        status = _status(told)
        return BatchState(status, told.finished, self._fault(told, status))

    def fetch(self, remote_id: str, batch: BatchRequest, report: Report) -> Iterator[BatchAnswer]:
        """See ``fetch_batch``. All is received at the first step, to a temporary file; nothing of it is held."""
        with Spool() as spool:
            with Line(report, self._setup.auth) as line:
                told = self._ask(line, remote_id, spool)
                answers = told.answers
                if told.file:
                    answers = self._question(line, batch_calls.download(line.client, self._setup, told.file))
            known, count, status = sort_answers(answers), len(batch.requests), _status(told)
            for index, request in enumerate(batch.requests):
                report(index / count, "remote_fetch")
                model = find_model(request, self._setup).name
                if index in known:
                    yield read_one(index, known[index], spool, self._engine, model)
                else:
                    yield BatchAnswer(index, error=self._missing(status))

    def cancel(self, remote_id: str, report: Report) -> None:
        """See ``cancel_batch``."""
        self._check(remote_id)
        with Line(report, self._setup.auth) as line:
            try:
                line.wait(batch_calls.cancel(line.client, self._setup, remote_id), _asking)
            except FAULTS as error:
                if isinstance(error, Refused) and error.status == "FAILED_PRECONDITION":
                    return  # it is over
                raise understand_question(error, self._engine, self._setup) from error

    def _hand_in(self, line: Line, batch: BatchRequest) -> str:
        setup, errand = self._setup, batch.errand
        prompts = write_prompts(batch.requests, setup)
        self._quota.check()
        price = math.fsum(find_model(one, setup).price(one.resolution, in_batch=True) for one in batch.requests)
        if errand is not None:
            pictures, size = sum(len(one.pictures) for one in prompts), sum(one.weight for one in prompts)
            errand.leaving(setup.host, pictures, size, price, bought=len(prompts))
        file = ""
        if weigh(prompts) > MOST_INLINE:
            file = self._question(line, batch_calls.upload(line.client, setup, batch.name, prompts), _sending)
        keep(errand, MARK)
        return self._buy(line, batch, prompts, file)

    def _buy(self, line: Line, batch: BatchRequest, prompts: tuple[Prompt, ...], file: str) -> str:
        resends = 0
        while True:
            sending = line.expect_purchase()
            work = batch_calls.create(line.client, self._setup, batch.name, prompts, file)
            try:
                return line.wait(work, _handing_in, hear=lambda remote_id: keep(batch.errand, remote_id))
            except FAULTS as error:
                fault = understand(error, self._engine, self._setup, was_sent=sending.begun)
                if not is_worth_waiting(fault) or resends == MOST_RESENDS:
                    self._quota.hear(fault.error)
                    raise self._refuse(batch, error, fault.error, may_be_paid=fault.may_be_paid) from error
                resends += 1
                line.rest(fault.wait or 0.0, 0.1)

    def _refuse(self, batch: BatchRequest, error: Exception, said: VtonError, *, may_be_paid: bool) -> VtonError:
        """What to raise. Where the batch may be there, the mark stays: whoever tries again looks for it first."""
        if may_be_paid:
            return understand_question(error, self._engine, self._setup)
        if not (isinstance(error, Refused) and error.code >= 500):
            keep(batch.errand, "")
        return said

    def _ask(self, line: Line, remote_id: str, spool: Spool) -> Told:
        self._check(remote_id)
        spool.listen(line.client)
        return self._question(line, batch_calls.ask(line.client, self._setup, remote_id, spool))

    def _question(
        self, line: Line, work: Coroutine[Any, Any, T], progress: Callable[[float], Progress] | None = None
    ) -> T:
        """What the service answers to what costs nothing."""
        try:
            return line.wait(work, progress or _asking)
        except FAULTS as error:
            raise understand_question(error, self._engine, self._setup) from error

    def _check(self, remote_id: str) -> None:
        if not _REMOTE.fullmatch(remote_id):
            raise BatchGone(engine=self._engine)

    def _fault(self, told: Told, status: BatchStatus) -> VtonError | None:
        """Why the batch failed as a whole."""
        if status is BatchStatus.EXPIRED:
            return BatchExpired(engine=self._engine)
        if status is not BatchStatus.FAILED:
            return None
        error = read_error(told.error or {}, self._engine, self._setup.model)
        return error if isinstance(error, QuotaExceeded | EngineUnavailable) else BatchFailed(engine=self._engine)

    def _missing(self, status: BatchStatus) -> EngineError:
        """Why a prompt has no answer."""
        if status is BatchStatus.EXPIRED:
            return BatchExpired(engine=self._engine)
        return PromptFailed(engine=self._engine, reason="CANCELLED" if status is BatchStatus.CANCELLED else "MISSING")


def _status(told: Told) -> BatchStatus:
    status = STATES.get(told.state, BatchStatus.RUNNING)
    return BatchStatus.FAILED if told.error and status not in OVER else status


def _asking(_: float) -> Progress:
    return 0.1, "remote_work"


def _sending(_: float) -> Progress:
    return 0.05, "sending"


def _handing_in(_: float) -> Progress:
    return 0.1, "sending"
