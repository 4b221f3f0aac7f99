"""What a failed run says: a message for whoever may read values, a traceback for the operator alone."""

import signal
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sostrades_api.engine import EngineError, ProcessEnded
from sostrades_api.errors import DomainError
from sostrades_api.services.execution_end import Failure
from sostrades_api.services.public_text import public_text, storable_text
from sostrades_api.worker.limits import is_out_of_memory

_TRACEBACK_LENGTH = 50_000
REFUSED = "it was refused more"
ABORTED = "its process aborted, as compiled code does that is refused more"
ENDED_BY_KERNEL = "the kernel ended its process"


@dataclass(frozen=True)
class MemoryLimit:
    """What a run may take, and what its worker profile is called."""

    profile: str
    size: int | None


def failure_of(
    error: BaseException, *, running: str | None = None, memory: MemoryLimit | None = None
) -> Failure:
    """The failure of a run that raised this, while this discipline ran, with this limit."""
    text = "".join(traceback.format_exception(error))
    message = public_message(error, running=running)
    how = _refused(error) if memory is not None and memory.size is not None else None
    if memory is not None and how is not None:
        discipline = getattr(error, "discipline", running)
        message = out_of_memory(memory, running=[discipline] if discipline else [], how=how)
    return Failure(message=public_text(message), traceback=storable_text(text[-_TRACEBACK_LENGTH:]))


def _refused(error: BaseException) -> str | None:
    """How a run under a limit was refused memory; None when something else went wrong."""
    if isinstance(error, ProcessEnded) and error.how == f"signal {int(signal.SIGABRT)}":
        return ABORTED
    return REFUSED if is_out_of_memory(error) else None


def out_of_memory(
    memory: MemoryLimit, *, running: Sequence[str], how: str, host_has_no_more: bool = False
) -> str:
    """What is said of a run that needs more memory than it may take, or than its host has."""
    who = f"D{_named(running)[1:]}" if running else "The execution"
    size = None if memory.size is None else f"{memory.size / 1024**2:,.0f} MiB"
    if host_has_no_more or size is None:
        allowed = "has no limit" if size is None else f"allows {size}"
        limit = f"the worker profile '{memory.profile}' {allowed}, but its host has no more"
        advice = "It needs a larger worker profile, on hosts with more memory"
    else:
        limit = f"a run may allocate {size}, the limit of the worker profile '{memory.profile}'"
        advice = "It needs a larger worker profile"
    return f"{who} ran out of memory ({how}): {limit}. {advice}, or must hold less at a time."


def public_message(error: BaseException, *, running: str | None = None) -> str:
    """What happened, in words that show no secret, no path and no line of code."""
    if isinstance(error, DomainError):
        text = error.detail
    elif isinstance(error, EngineError):
        text = str(error)
    elif isinstance(error, MemoryError):
        text = (
            "The execution ran out of memory; give its host more, or let its disciplines hold less at a time."
        )
    elif not isinstance(error, Exception) and running is not None:
        text = f"Discipline {running!r} raised {type(error).__name__}, which asks to end the program; "
        text += "raise an exception that says what is wrong instead."
    else:
        text = f"The execution failed unexpectedly ({type(error).__name__})."
    return public_text(text)


def seconds_lines(seconds: Mapping[str, float], runs: Mapping[str, int], *, limit: int = 100) -> list[str]:
    """The slowest disciplines that ran, one line each."""
    slowest = sorted(seconds.items(), key=lambda item: -item[1])[:limit]
    counted = [(path, spent, runs[path]) for path, spent in slowest if runs[path]]
    return [f"{path}: {spent:.4f} s in {count} run{'s' * (count != 1)}" for path, spent, count in counted]


def only_one(failed: Sequence[str]) -> str | None:
    """The discipline in whose own log a failure belongs; None when it is that of several, or of none."""
    return failed[0] if len(failed) == 1 else None


def ended_while_running(how: str, *, running: Sequence[str], exited: bool) -> str:
    """Why an attempt is lost whose process has ended, with the disciplines that ran then.

    Args:
        how: it ended.
        running: all of them.
        exited: it ended itself; a signal may come from anywhere.
    """
    if not running:
        return how
    advice = "; no discipline may end its process (os._exit, say)" if exited else ""
    return f"{how}, while {_named(running)} ran{advice}"


def overran(limit: float, *, running: Sequence[str], is_own: bool) -> str:
    """What is said of a run that took longer than its own deadline, or than the platform allows."""
    if is_own:
        text = f"The execution ran longer than its deadline of {limit:g} s"
        advice = "make it quicker, or give it a later deadline"
    else:
        text = f"The execution ran longer than the {limit:g} s that this platform allows"
        advice = "make it quicker, or raise the setting max_run_seconds"
    if not running:
        return f"{text}; {advice}."
    if len(running) > 1:
        return f"{text}; {_named(running)} were running: see whether they ever end, {advice}."
    return f"{text}; {_named(running)} was running: see whether it ever ends, {advice}."


def _named(disciplines: Sequence[str], *, most: int = 8) -> str:
    names = ", ".join(map(repr, disciplines[:most])) + (", ..." if len(disciplines) > most else "")
    return f"discipline{'s' if len(disciplines) > 1 else ''} {names}"
