"""Somebody who works with one study case: edits, submits, watches, stops, suspends, resumes, reads."""

import random
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.chaos.http_client import Answer, Client, NoAnswerError
from benchmarks.chaos.journal import Journal
from benchmarks.chaos.listener import Listener
from benchmarks.chaos.reading import Reading
from sostrades_api.models import FINAL_STATES, ExecutionState

_S = ExecutionState
_HOLD_SECONDS = 0.5  # so long a suspended execution is watched standing still
_LISTENED_TO = 0.3  # of the executions
_LARGE = 600  # numbers of a list that is too large for a row of the database


@dataclass(frozen=True)
class Study:
    """A study case of this user."""

    id: int
    name: str
    fails: bool  # its process always does


class User(threading.Thread):
    """A thread with a key and a study case of its own.

    Args:
        study: whose executions it requests.
        client: sends its requests.
        journal: what it accepted and what was wrong.
        seed: decides what it does.
        goes_on: whether another execution is to be requested.
        gives_up: whether it is too late to wait for anything.
        nap: the longest that one discipline of an execution sleeps.
    """

    def __init__(
        self,
        study: Study,
        *,
        client: Client,
        journal: Journal,
        seed: str,
        goes_on: Callable[[], bool],
        gives_up: Callable[[], bool],
        nap: float = 0.6,
    ) -> None:
        super().__init__(name=f"user of {study.name}", daemon=True)
        self._study, self._client, self._journal = study, client, journal
        self._rng = random.Random(seed)
        self._goes_on, self._gives_up, self._nap = goes_on, gives_up, nap
        self._last_id: int | None = None
        self.listeners: list[Listener] = []

    def run(self) -> None:
        try:
            while self._goes_on():
                self._one_execution()
        except NoAnswerError:
            self._journal.tell(f"{self.name} got no answer to the end")
        except Exception as error:
            self._journal.violate(f"{self.name} broke down: {error!r}")
            raise

    # --- one execution ----------------------------------------------------------------------------------

    def _one_execution(self) -> None:
        if not self._study.fails and self._rng.random() < 0.7:
            self._edit()
        execution_id = self._submit()
        if execution_id is None:
            time.sleep(0.5)
            return
        self._last_id = execution_id
        if self._rng.random() < _LISTENED_TO:
            self._listen(execution_id)
        reading = Reading(execution_id)
        acts = [None, self._ask_to_stop, self._ask_to_suspend, self._read_study]
        (act,) = self._rng.choices(acts, [6, 2, 3, 1])
        if act is not None:
            time.sleep(self._rng.uniform(0.0, 1.5))
            act(reading)
        self._watch(reading, until=FINAL_STATES)
        if reading.state is _S.FINISHED and self._rng.random() < 0.2:
            self._read_result(reading)

    def _edit(self) -> None:
        values: dict[str, Any] = {"x": self._rng.random(), "seconds": self._rng.uniform(0.05, self._nap)}
        if self._rng.random() < 0.4:
            values["weights"] = [self._rng.random() for _ in range(_LARGE)]
        updates = [
            {"variableId": f"{self._study.name}.{name}", "newValue": value} for name, value in values.items()
        ]
        answer = self._client.call("POST", f"/study-case/{self._study.id}/parameters", body=updates)
        self._expect(answer, {200}, "an edit")

    def _submit(self) -> int | None:
        key = str(uuid.UUID(int=self._rng.getrandbits(128)))
        path = f"/study-cases/{self._study.id}/executions"
        if self._last_id is not None and self._rng.random() < 0.15:
            path = f"/executions/{self._last_id}/resubmit"
        repeats = 2 if self._rng.random() < 0.2 else 1
        execution_id = None
        for _ in range(repeats):
            answer = self._client.call("POST", path, headers={"Idempotency-Key": key})
            if not self._expect(answer, {202}, f"POST {path}"):
                return execution_id
            execution_id = int(answer.body["execution_id"])
            self._journal.accept(execution_id, study_id=self._study.id, key=key)
        return execution_id

    def _listen(self, execution_id: int) -> None:
        listener = Listener(
            execution_id,
            address=self._client.address,
            secret=self._client.secret,
            journal=self._journal,
            gives_up=self._gives_up,
        )
        self.listeners.append(listener)
        listener.start()

    # --- reading ----------------------------------------------------------------------------------------

    def _watch(self, reading: Reading, *, until: frozenset[ExecutionState], seconds: float = 1e9) -> None:
        """Read until it is in one of these states, or for so long."""
        end = time.monotonic() + seconds
        while self._look(reading) not in until and time.monotonic() < end:
            if self._gives_up():
                raise NoAnswerError
            time.sleep(self._rng.uniform(0.05, 0.4))

    def _look(self, reading: Reading) -> ExecutionState | None:
        answer = self._client.call("GET", f"/executions/{reading.execution_id}")
        if self._expect(answer, {200}, f"GET execution {reading.execution_id}"):
            self._see(reading, answer)
        return reading.state

    def _see(self, reading: Reading, answer: Answer) -> None:
        for fault in reading.see(answer.body, server=self._journal.web_servers):
            self._journal.violate(fault)

    def _read_study(self, _reading: Reading) -> None:
        """The status of API v0 says of itself nothing that cannot be."""
        for _ in range(5):
            answer = self._client.call("GET", f"/calculation/status/{self._study.id}")
            if self._expect(answer, {200}, "the status"):
                statuses = set(answer.body["disciplines_status"].values())
                if answer.body["study_case_execution_status"] == "FINISHED" and statuses != {"DONE"}:
                    self._journal.violate(f"study case {self._study.id} is FINISHED with {statuses}")
            time.sleep(0.1)

    def _read_result(self, reading: Reading) -> None:
        answer = self._client.call("GET", f"/study-case/{self._study.id}?io=out")
        if self._expect(answer, {200}, "loading a study case") and answer.body:
            total = answer.body[f"{self._study.name}.total"]["value"]
            self._journal.totals[reading.execution_id] = total

    # --- steering ---------------------------------------------------------------------------------------

    def _ask_to_stop(self, reading: Reading) -> None:
        force = "?force=true" if self._rng.random() < 0.4 else ""
        answer = self._steer(reading, f"stop{force}")
        if answer.status == 200:
            reading.told_to_stop = True
            self._see(reading, answer)
        else:
            self._refused(reading, {_S.FINISHED, _S.FAILED}, "stop")

    def _ask_to_suspend(self, reading: Reading) -> None:
        answer = self._steer(reading, "suspend")
        if answer.status != 200:
            self._refused(reading, {*FINAL_STATES}, "suspend")
            return
        self._see(reading, answer)
        self._watch(reading, until=FINAL_STATES | {_S.SUSPENDED})
        if reading.state is not _S.SUSPENDED:
            return
        self._watch(reading, until=frozenset(), seconds=_HOLD_SECONDS)
        reading.is_suspended = False
        answer = self._steer(reading, "resume")
        if answer.status == 200:
            self._see(reading, answer)
        elif answer.tries == 1:  # else the first request did it, and it runs or has ended by now
            self._refused(reading, set(), "resume")

    def _steer(self, reading: Reading, verb: str) -> Answer:
        answer = self._client.call("POST", f"/executions/{reading.execution_id}/{verb}")
        self._expect(answer, {200, 409}, verb)
        return answer

    def _refused(self, reading: Reading, states: set[ExecutionState], verb: str) -> None:
        """A 409 is right only where it stands so."""
        if self._look(reading) not in states:
            self._journal.violate(
                f"execution {reading.execution_id}: {verb} was refused, and it is {reading.state}"
            )

    def _expect(self, answer: Answer, statuses: set[int], what: str) -> bool:
        if answer.status in statuses:
            return True
        if answer.status < 500:  # those are told by the client
            self._journal.violate(f"{what} was answered with {answer.status}: {answer.body}")
        return False
