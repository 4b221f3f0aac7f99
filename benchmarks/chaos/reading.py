"""What a client may see of one execution, read by read; all else contradicts an earlier read, or itself."""

from collections.abc import Mapping
from typing import Any

from sostrades_api.models import FINAL_STATES, HELD_STATES, TRANSITIONS, ExecutionState

_S = ExecutionState


def _reachable() -> dict[ExecutionState, frozenset[ExecutionState]]:
    """States that may be seen later than each: several transitions may lie between two reads."""
    found = {state: {state, *TRANSITIONS[state]} for state in TRANSITIONS}
    for _ in TRANSITIONS:
        for later in found.values():
            later |= {further for state in tuple(later) for further in TRANSITIONS[state]}
    return {state: frozenset(later) for state, later in found.items()}


REACHABLE = _reachable()
AFTER_STOP = frozenset({_S.STOPPING, _S.STOPPED, _S.FINISHED, _S.FAILED})
_FIXED = ("study_case_id", "requested_at", "origin_id", "study_revision")


class Reading:
    """All reads of one execution, by one client.

    Attributes:
        told_to_stop: its stop was accepted.
        is_suspended: it was seen SUSPENDED, and nobody has resumed it since.
    """

    def __init__(self, execution_id: int) -> None:
        self.execution_id = execution_id
        self.told_to_stop = False
        self.is_suspended = False
        self._last: Mapping[str, Any] | None = None
        self._server: int | None = None

    @property
    def state(self) -> ExecutionState | None:
        """Where it was seen last."""
        return None if self._last is None else ExecutionState(self._last["state"])

    def see(self, seen: Mapping[str, Any], *, server: int = 0) -> list[str]:
        """Take a read (a summary or all details); says what is wrong with it.

        Args:
            seen: What was answered.
            server: Another number for every web server: when Redis has lost how far a run was, only a server
                that has told it before remembers it.
        """
        state = ExecutionState(seen["state"])
        faults = [*self._against_itself(seen, state), *self._against_wishes(state)]
        if self._last is not None:
            faults += self._against_last(self._last, seen, state)
            if self._server == server:
                faults += self._backwards(self._last, seen)
        self._last, self._server = seen, server
        self.is_suspended = self.is_suspended or state is _S.SUSPENDED
        return [f"execution {self.execution_id}: {fault}" for fault in faults]

    def _against_itself(self, seen: Mapping[str, Any], state: ExecutionState) -> list[str]:
        faults = []
        statuses = {row["discipline"]: row["status"] for row in seen.get("disciplines", ())}
        if state is _S.FINISHED:
            undone = {name: status for name, status in statuses.items() if status != "DONE"}
            if undone:
                faults.append(f"FINISHED with {undone}")
            if seen["progress"] != 1.0:
                faults.append(f"FINISHED with progress {seen['progress']}")
        if (seen["ended_at"] is not None) != (state in FINAL_STATES):
            faults.append(f"{state} with ended_at {seen['ended_at']}")
        if state in HELD_STATES and (seen["attempt"] < 1 or seen["started_at"] is None):
            faults.append(f"{state} in attempt {seen['attempt']} that began at {seen['started_at']}")
        return faults

    def _against_wishes(self, state: ExecutionState) -> list[str]:
        if self.told_to_stop and state not in AFTER_STOP:
            return [f"{state} after its stop was accepted"]
        if self.is_suspended and state is not _S.SUSPENDED:
            return [f"{state} though nobody has resumed it"]
        return []

    def _against_last(
        self, last: Mapping[str, Any], seen: Mapping[str, Any], state: ExecutionState
    ) -> list[str]:
        before = ExecutionState(last["state"])
        faults = [f"{name} was {last[name]}, is {seen[name]}" for name in _FIXED if last[name] != seen[name]]
        if state not in REACHABLE[before]:
            faults.append(f"{before} became {state}")
        if seen["attempt"] < last["attempt"]:
            faults.append(f"attempt {last['attempt']} became {seen['attempt']}")
        if before in FINAL_STATES and any(last[name] != seen[name] for name in ("attempt", "ended_at")):
            faults.append("it changed after its end")
        return faults

    def _backwards(self, last: Mapping[str, Any], seen: Mapping[str, Any]) -> list[str]:
        if seen["attempt"] != last["attempt"] or not {_S(last["state"]), _S(seen["state"])} <= HELD_STATES:
            return []
        # Summaries do not tell live progress, only what the database has of it.
        both_live = "disciplines" in last and "disciplines" in seen
        if not both_live or seen["progress"] >= last["progress"]:
            return []
        return [f"progress {last['progress']} became {seen['progress']} within attempt {seen['attempt']}"]
