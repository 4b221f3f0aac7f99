"""Whatever requests, crashes, stops and sweeps happen in whatever order, an execution stays on its rails."""

import datetime as dt
import itertools
import secrets

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select, update

from sostrades_api.errors import AlreadyRunningError, ConflictError
from sostrades_api.models import (
    ACTIVE_STATES,
    FINAL_STATES,
    TRANSITIONS,
    Execution,
    ExecutionState,
    ExecutionTransition,
    ExecutionValue,
    utc_now,
)
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.services.execution_claim import Claimant, execution_claim, execution_claim_next
from sostrades_api.services.execution_delete import execution_delete, execution_delete_expired
from sostrades_api.services.execution_end import AttemptEnd, AttemptKey, Failure
from sostrades_api.services.execution_end_stopped import execution_end_stopped
from sostrades_api.services.execution_fail import execution_fail
from sostrades_api.services.execution_finish import execution_finish
from sostrades_api.services.execution_heartbeat import Pulse, execution_heartbeat
from sostrades_api.services.execution_lose import Loss, execution_lose
from sostrades_api.services.execution_recompute import execution_recompute
from sostrades_api.services.execution_request import execution_request
from sostrades_api.services.execution_resubmit import execution_resubmit
from sostrades_api.services.execution_resume import execution_resume
from sostrades_api.services.execution_set_deadline import execution_set_deadline
from sostrades_api.services.execution_set_expiry import execution_set_expiry
from sostrades_api.services.execution_set_priority import execution_set_priority
from sostrades_api.services.execution_status import execution_status
from sostrades_api.services.execution_stop import execution_stop, study_case_stop
from sostrades_api.services.execution_suspend import execution_suspend
from sostrades_api.services.execution_sweep import execution_sweep
from sostrades_api.services.unit_of_work import unit_of_work

SHOWN = {"NOT EXECUTED", "PENDING", "RUNNING", "FINISHED", "FAILED", "STOPPED"}


class Executions(RuleBasedStateMachine):
    """One study case; ``tokens`` are those of every attempt that ever was, the dead ones too."""

    def __init__(self, world):
        super().__init__()
        self.world = world
        self.session, self.settings = world["session"], world["settings"]
        self.queue = world["queue"]
        self.queue.redis.flushdb()
        self.study = world["make_case"]("test_chain", x=2.0)
        self.tokens: list[AttemptKey] = []

    # --- what clients, workers, crashes and sweepers do ------------------------------------------------

    @rule(redis=st.booleans())
    def request(self, redis):
        active = self._active()
        try:
            execution_request(
                self.session,
                self.study,
                actor=self.world["actor"],
                queue=self.queue if redis else self.world["dead_queue"],
            )
        except AlreadyRunningError:
            assert active
        else:
            assert not active

    @rule()
    def a_worker_takes_a_job(self):
        job_id = self.queue.redis.lpop(self.queue.rq.key)
        if job_id:
            self._claim(int(job_id.decode().split("-")[1]))

    @rule()
    def a_worker_claims_without_being_asked(self):
        for execution in self._all()[-2:]:
            self._claim(execution.id)

    def _claim(self, execution_id):
        token = secrets.token_hex(8)
        claimed = execution_claim(
            self.session,
            execution_id=execution_id,
            token=token,
            worker="w",
            lease_seconds=60,
        )
        if claimed:
            self.tokens.append(AttemptKey(execution_id, token))

    @rule(data=st.data())
    def heartbeat(self, data):
        if key := self._any_attempt(data):
            current = self._is_current(key)
            pulse = execution_heartbeat(
                self.session, execution_id=key.execution_id, token=key.token, lease_seconds=60
            )
            assert (pulse.pulse is not Pulse.LOST) == current

    @rule(data=st.data(), how=st.sampled_from(["finish", "fail", "stopped"]))
    def an_attempt_ends(self, data, how):
        """Dead attempts too: they wake up and try to write."""
        if not (key := self._any_attempt(data)):
            return
        current, state = self._is_current(key), self._state(key.execution_id)
        end = AttemptEnd(disciplines={"First": "DONE", "Second": "DONE"})
        if how == "finish":
            written = execution_finish(
                self.session,
                key,
                outputs={"result": float(len(self.tokens))},
                values=self.world["platform"].values,
                end=end,
            )
        elif how == "fail":
            written = execution_fail(self.session, key, failure=Failure("broken", "trace"), end=end)
        else:
            written = execution_end_stopped(self.session, key, end=end)
            current = current and state is ExecutionState.STOPPING
        assert bool(written) == current

    @rule(data=st.data(), counted=st.booleans())
    def a_work_horse_dies(self, data, counted):
        if key := self._any_attempt(data):
            current = self._is_current(key)
            loss = Loss(reason="killed", actor="w", max_attempts=2 if counted else None)
            assert (execution_lose(self.session, key, loss=loss, queue=self.queue) is not None) == current

    @rule()
    def a_worker_falls_silent(self):
        with unit_of_work(self.session):
            self.session.execute(
                update(Execution)
                .where(Execution.lease_until.is_not(None))
                .values(lease_until=utc_now() - dt.timedelta(seconds=1))
            )

    @rule(redis=st.booleans())
    def sweep(self, redis):
        queue = self.queue if redis else self.world["dead_queue"]
        execution_sweep(self.session, settings=self.settings, queue=queue)

    @rule()
    def a_worker_asks_whose_turn_it_is(self):
        token = secrets.token_hex(8)
        waiting = [execution.id for execution in self._active() if execution.state is ExecutionState.QUEUED]
        by = Claimant(worker="w", token=token, lease_seconds=60)
        claimed = execution_claim_next(self.session, profiles=["standard"], by=by)
        assert ([claimed.id] if claimed else []) == waiting
        if claimed:
            self.tokens.append(AttemptKey(claimed.id, token))

    @rule(force=st.booleans())
    def stop(self, force):
        active = self._active()
        try:
            stopped = study_case_stop(
                self.session, self.study, actor=self.world["actor"], queue=self.queue, force=force
            )
        except ConflictError:
            assert not active
        else:
            assert active
            assert stopped.state in {ExecutionState.STOPPED, ExecutionState.STOPPING}

    @rule(how=st.sampled_from([execution_stop, execution_suspend, execution_resume]))
    def somebody_steers_the_latest(self, how):
        if not (executions := self._all()):
            return
        before = executions[-1].state
        try:
            after = how(self.session, executions[-1].id, actor=self.world["actor"], queue=self.queue).state
        except ConflictError:
            assert self._state(executions[-1].id) is before
        else:
            assert after is before or after in TRANSITIONS[before]

    @rule(data=st.data(), discipline=st.sampled_from([None, "First", "Second"]))
    def somebody_repeats_one(self, data, discipline):
        """Of whatever state; the new one is queued, unless one is active."""
        if not (given := self._any_execution(data)):
            return
        active = self._active()
        options = {"actor": self.world["actor"], "queue": self.queue, "values": self.world["platform"].values}
        try:
            if discipline is None:
                made = execution_resubmit(self.session, given.id, **options)
            else:
                made = execution_recompute(self.session, given.id, discipline=discipline, **options)
        except AlreadyRunningError:
            assert active
        else:
            assert not active
            assert (made.state, made.origin_id) == (ExecutionState.QUEUED, given.id)
            assert made.recompute == ([discipline] if discipline else None)

    @rule(data=st.data())
    def somebody_deletes_one(self, data):
        if not (given := self._any_execution(data)):
            return
        ended = given.state in FINAL_STATES
        try:
            execution_delete(self.session, given.id)
        except ConflictError:
            assert not ended
        else:
            assert ended
        assert (self._state(given.id) is None) is ended

    @rule(data=st.data(), amend=st.sampled_from(["priority", "deadline"]))
    def somebody_amends_one(self, data, amend):
        if not (given := self._any_execution(data)):
            return
        before = given.state
        try:
            if amend == "priority":
                execution_set_priority(self.session, given.id, actor=self.world["actor"], priority=60)
            else:
                execution_set_deadline(self.session, given.id, actor=self.world["actor"], seconds=60.0)
        except ConflictError:
            assert before in FINAL_STATES
        else:
            assert before in ACTIVE_STATES
        assert self._state(given.id) is before

    @rule(data=st.data())
    def one_expires_and_garbage_is_collected(self, data):
        """Only what has ended goes, then or at a later collection."""
        if not (given := self._any_execution(data)):
            return
        past = utc_now() - dt.timedelta(seconds=1)
        execution_set_expiry(self.session, given.id, actor=self.world["actor"], at=past)
        ours = {each.id: bool(each.expires_at) and each.state in FINAL_STATES for each in self._all()}
        self.session.rollback()
        deleted = execution_delete_expired(self.session)  # those of other examples are among them
        assert {number: number in deleted for number in ours} == ours

    @rule()
    def redis_forgets_everything(self):
        self.queue.redis.flushdb()

    # --- what always holds -----------------------------------------------------------------------------

    @invariant()
    def the_history_is_the_table_of_transitions(self):
        for execution in self._all():
            query = select(ExecutionTransition).where(ExecutionTransition.execution_id == execution.id)
            history = self.session.scalars(query.order_by(ExecutionTransition.id)).all()
            states = [ExecutionState(row.to_state) for row in history]
            assert states[0] is ExecutionState.QUEUED
            assert [row.from_state for row in history] == [None, *states[:-1]]
            for before, after in itertools.pairwise(states):
                assert after in TRANSITIONS[before]
            assert states[-1] is execution.state
            attempts = [row.attempt for row in history]
            assert attempts == sorted(attempts)
            assert states.count(ExecutionState.RUNNING) == execution.attempt
            assert sum(state in FINAL_STATES for state in states) == (execution.state in FINAL_STATES)

    @invariant()
    def a_row_fits_its_state(self):
        active = [execution for execution in self._all() if execution.state in ACTIVE_STATES]
        assert len(active) <= 1
        for execution in self._all():
            held = execution.state in {ExecutionState.RUNNING, ExecutionState.STOPPING}
            assert (execution.token is not None) == held
            assert (execution.lease_until is not None) == held
            assert (execution.stopping_to is not None) == (execution.state is ExecutionState.STOPPING)
            assert execution.state is ExecutionState.STOPPING or not execution.stop_forced
            assert (execution.ended_at is None) == (execution.state in ACTIVE_STATES)
            assert (execution.error_message is not None) == (execution.state is ExecutionState.FAILED)
            query = select(ExecutionValue).where(
                ExecutionValue.execution_id == execution.id, ExecutionValue.io == "out"
            )
            results = self.session.scalars(query).all()
            assert bool(results) == (execution.state is ExecutionState.FINISHED)

    @invariant()
    def the_status_never_contradicts_itself(self):
        for queue in (self.queue, self.world["dead_queue"]):
            status = execution_status(self.session, self.study, actor=self.world["actor"], queue=queue)
            assert status["study_case_execution_status"] in SHOWN
            if status["study_case_execution_status"] == "FINISHED":
                assert set(status["disciplines_status"].values()) == {"DONE"}
                assert status["progress"] == 1.0

    def teardown(self):
        """After all that, workers and sweepers bring everything to an end."""
        for _ in range(20):
            if not self._active():
                return
            self.somebody_steers_the_latest(execution_resume)
            self.a_worker_falls_silent()
            self.sweep(redis=True)
            self.a_worker_takes_a_job()
        pytest.fail(f"never ended: {[(e.state, e.attempt) for e in self._all()]}")

    # --- helpers ---------------------------------------------------------------------------------------

    def _all(self):
        self.session.rollback()
        query = select(Execution).where(Execution.study_case_id == self.study.id).order_by(Execution.id)
        return self.session.scalars(query.execution_options(populate_existing=True)).all()

    def _active(self):
        return [execution for execution in self._all() if execution.state in ACTIVE_STATES]

    def _state(self, execution_id):
        """None of one that was deleted."""
        return next((each.state for each in self._all() if each.id == execution_id), None)

    def _is_current(self, key):
        return any(e.id == key.execution_id and e.token == key.token for e in self._all())

    def _any_execution(self, data):
        executions = self._all()
        return data.draw(st.sampled_from(executions)) if executions else None

    def _any_attempt(self, data):
        return data.draw(st.sampled_from(self.tokens)) if self.tokens else None


@pytest.mark.database("sqlite")
def test_no_sequence_of_requests_crashes_and_sweeps_leaves_the_rails(session, platform, make_case, actor):
    quick = platform.settings.model_copy(update={"sweep_seconds": 1e-6, "max_attempts": 3})
    dead = ExecutionQueue.for_web(quick.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"}))
    world = {
        "session": session,
        "platform": platform,
        "settings": quick,
        "queue": platform.queue,
        "dead_queue": dead,
        "make_case": make_case,
        "actor": actor,
    }
    run_state_machine_as_test(lambda: Executions(world), settings=STATEFUL)


STATEFUL = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
