"""Read where the time and the memory of a study case's latest execution went."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from sostrades_api.errors import NoResultError
from sostrades_api.models import Execution, StudyCase
from sostrades_api.services.execution_status import STUDY_STATUS, execution_find_latest
from sostrades_api.services.study_case_names import full_name

_OF_DISCIPLINES = ("seconds", "calls", "iterations", "reused")


def execution_profile_read(session: Session, study: StudyCase) -> dict[str, Any]:
    """The profile of the latest execution, however it ended; of as far as it got.

    Returns:
        ``execution_id``, its ``status``, what `profile_of` gives, names of disciplines in full.

    Raises:
        NoResultError: it was never executed, has not ended yet, or ended before a discipline ran.
    """
    execution = execution_find_latest(session, study_case_id=study.id)
    profile = None if execution is None else profile_of(execution)
    if execution is None or profile is None:
        msg = "the study case has no profile yet: it is kept when an execution ends"
        raise NoResultError(msg)
    for row in profile["disciplines"]:
        row["discipline"] = full_name(study.name, relative=row["discipline"])
    return {"execution_id": execution.id, "status": STUDY_STATUS[execution.state], **profile}


def profile_of(execution: Execution) -> dict[str, Any] | None:
    """The profile of an execution, None when none was kept.

    Returns:
        ``total_seconds`` of the disciplines and the engine, ``discipline_seconds`` of the disciplines alone,
        ``engine_share`` (0 to 1), ``saved_seconds`` by results that were known, ``cpu_seconds``,
        ``peak_memory_bytes`` and ``memory_at_start_bytes`` of the process, and ``disciplines``, the slowest
        first: ``discipline``, ``seconds``, ``share`` (0 to 1), ``calls``, ``iterations``, ``reused``.
    """
    kept = execution.profile
    if not kept:
        return None
    usage: Mapping[str, Any] = execution.usage or {}
    columns = [kept[name] for name in _OF_DISCIPLINES]
    whole = kept["total_seconds"] or 1.0
    rows = [
        {"discipline": path, **dict(zip(_OF_DISCIPLINES, cells, strict=True)), "share": cells[0] / whole}
        for path, *cells in zip(kept["disciplines"], *columns, strict=True)
    ]
    return {
        **{name: kept[name] for name in ("total_seconds", "discipline_seconds", "engine_share")},
        "saved_seconds": kept["saved_seconds"],
        "cpu_seconds": usage.get("cpu_seconds"),
        "peak_memory_bytes": usage.get("memory_bytes"),
        "memory_at_start_bytes": usage.get("memory_at_start_bytes"),
        "disciplines": sorted(rows, key=lambda row: -row["seconds"]),
    }
